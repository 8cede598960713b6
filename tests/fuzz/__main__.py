"""`python -m tests.fuzz N [--from SEED] [--keep FOLDER]`: read N fuzzed inputs and tell what must not be."""

import argparse
import sys
from pathlib import Path

from tests.fuzz.watch import watch


def main() -> int:
    """Exit code 1 if anything was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("inputs", type=int, nargs="?", default=1_000)
    parser.add_argument("--from", dest="first", type=int, default=0)
    parser.add_argument("--keep", type=Path, default=Path(".fuzz"))
    said = parser.parse_args()
    told = watch(range(said.first, said.first + said.inputs), said.keep.resolve(), report=True)
    print(told)
    for end, count in told.ends.most_common():
        print(f"{count:8,}  {end}")
    for seed, problem in told.findings.items():
        print(f"\nseed {seed}: {problem.strip()[-1_500:]}\n  its files: {said.keep}/seed-{seed}")
    return 1 if told.findings else 0


if __name__ == "__main__":
    sys.exit(main())
