"""`python -m volver` is the command line."""

from volver.cli import main

main()
