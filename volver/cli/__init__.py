"""The command line: one lazy group per verb. stdout is the answer, stderr is the story.

Exit codes: 0 done, 1 failed, 2 wrong use, 3 looked and it is not healthy.
"""

from volver.cli.main import main as main
