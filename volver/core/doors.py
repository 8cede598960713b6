"""Front doors: a package offers its names without importing what stands behind them.

A door lists its names once, as imports under `if TYPE_CHECKING`, which type checkers read; `lazy` makes the module's
`__getattr__` from the same lines, as scientific Python's `lazy_loader` does from stubs. Reads the door's source.
"""

import re
import sys
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

_IMPORT = re.compile(r"^    from ([\w.]+) import (\([^)]*\)|.*)$", re.MULTILINE)
_NAME = re.compile(r"(\w+) as (\w+)")


def lazy(room: str, file: str) -> Callable[[str], Any]:
    """The `__getattr__` of a front door: a name is imported when it is first used, and kept.

    >>> lazy("volver.core", import_module("volver.core").__file__)("Money").__name__
    'Money'
    """

    def found(name: str) -> Any:
        where = names(file).get(name)
        if where is None:
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        module, inside = where
        value = import_module(f"{room}.{inside}") if module == room else getattr(import_module(module), inside)
        setattr(sys.modules[room], name, value)
        return value

    return found


@cache
def names(file: str) -> dict[str, tuple[str, str]]:
    """The names that a door offers when they are used, each with its module and its name there."""
    return {
        offered: (module, inside)
        for module, listed in _IMPORT.findall(Path(file).read_text(encoding="utf-8"))
        for inside, offered in _NAME.findall(listed)
    }
