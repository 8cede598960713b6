"""Front doors: every name that one lists is behind it, and comes the same each time."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from volver.core.doors import names

HOUSE = Path(__file__).parent.parent.parent
DOORS = sorted(
    ".".join(path.parent.relative_to(HOUSE).parts)
    for path in (HOUSE / "volver").rglob("__init__.py")
    if "__getattr__ = lazy(" in path.read_text(encoding="utf-8")
)


def file_of(door: str) -> str:
    found = import_module(door).__file__
    assert found is not None
    return found


@pytest.mark.parametrize("door", DOORS)
def test_every_name_that_a_door_lists_is_behind_it(door: str) -> None:
    room = import_module(door)
    listed = names(file_of(door))
    assert len(listed) > 1
    for name, (module, inside) in listed.items():
        behind = import_module(f"{door}.{inside}") if module == door else getattr(import_module(module), inside)
        assert getattr(room, name) is behind


@pytest.mark.parametrize("door", DOORS)
def test_no_module_hides_a_name_of_its_door(door: str) -> None:
    folder = Path(file_of(door)).parent
    modules = {path.stem for path in folder.glob("*.py")} | {path.parent.name for path in folder.glob("*/__init__.py")}
    listed = {name for name, (module, _) in names(file_of(door)).items() if module != door}
    assert not listed & modules


def test_a_name_that_no_door_lists_is_refused_by_name() -> None:
    with pytest.raises(AttributeError, match="'volver.predict' has no attribute 'nonsense'"):
        import_module("volver.predict").__getattr__("nonsense")


def test_a_door_loads_nothing_before_it_is_asked() -> None:
    shown = "import sys, volver.predict; print('numpy' in sys.modules, 'volver.predict.laws' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", shown], cwd=HOUSE, capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["False", "False"]
