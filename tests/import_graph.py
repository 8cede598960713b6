"""Print how the rooms and their parts import one another: `python -m tests.import_graph`, or `make graph`.

Counts import statements between groups of modules (a room's packages and its loose modules), the layers that they form,
and circles, of which there are none.
"""

import sys
from collections import Counter
from graphlib import CycleError, TopologicalSorter

import grimp

DEEP = ("predict", "collect", "ui", "cli", "server", "know")  # rooms with packages of their own


def group(module: str) -> str:
    """The group of a module: its room; inside a deep one its package, or the module itself where it stands loose."""
    parts = module.split(".")[1:]
    if not parts:
        return "volver"
    return ".".join(parts[:2]) if parts[0] in DEEP else parts[0]


def arrows() -> tuple[Counter[tuple[str, str]], int]:
    """Imports between groups, and how many modules there are."""
    graph = grimp.build_graph("volver", exclude_type_checking_imports=True)
    found: Counter[tuple[str, str]] = Counter()
    for module in graph.modules:
        for imported in graph.find_modules_directly_imported_by(module):
            if group(module) != group(imported):
                found[group(module), group(imported)] += 1
    return found, len(graph.modules)


def layers(found: Counter[tuple[str, str]]) -> list[list[str]]:
    """Groups by layer, the lowest first. Raises `CycleError` where they form a circle."""
    below: dict[str, set[str]] = {}
    for upper, lower in found:
        below.setdefault(upper, set()).add(lower)
        below.setdefault(lower, set())
    sorter = TopologicalSorter(below)
    sorter.prepare()
    told = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        told.append(ready)
        sorter.done(*ready)
    return told


def main() -> int:
    """Print the groups by layer, each with what it imports."""
    found, modules = arrows()
    try:
        told = layers(found)
    except CycleError as problem:
        print("A circle:", " -> ".join(problem.args[1]))
        return 1
    for number, names in enumerate(told, 1):
        for name in names:
            lower = ", ".join(f"{other} {n}" for (upper, other), n in sorted(found.items()) if upper == name)
            print(f"{number:>3}  {name:<24} {lower}")
    groups = {name for pair in found for name in pair}
    print(f"{modules} modules in {len(groups)} groups, {len(told)} layers, {len(found)} arrows, no circle.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
