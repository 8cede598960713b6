"""Models on disk without pickle: arrays as .npy files that are mapped into memory, all else as one JSON file.

A saved model names classes of `volver.predict` and `volver.core` only. Opening one sets attributes; it runs no code of
the file, and none of the constructors. A folder is whole or absent, whatever happens.
"""

import json
import math
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime
from enum import Enum
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import numpy as np

from volver.core import VERSION, VolverError

_FORM: Final = 1
_MODEL: Final = "model.json"
_OURS: Final = ("volver.predict.", "volver.core.")
_PLAIN: Final = (bool, int, str, type(None))


class BadModelFolder(VolverError):
    """A folder that holds no model of ours, or one of another form."""

    code = "predict.bad_model_folder"
    says = "There is no model that can be opened in {folder}: {why}."
    hint = "Fit the model again and save it with this version."


class NotKeepable(VolverError):
    """A model that holds something which is neither plain values nor arrays."""

    code = "predict.not_keepable"
    says = "A {kind} cannot be written without pickle."
    hint = "Fit the model from plain columns."


def save_model(model: Any, folder: str | Path) -> Path:
    """Write a model to a folder, in the place of the model that was there; where it is now.

    Raises `predict.not_keepable`, and `predict.bad_model_folder` where the folder holds anything but a model.
    """
    folder = Path(folder)
    if folder.exists() and not (folder / _MODEL).exists() and any(folder.iterdir()):
        raise BadModelFolder(folder=folder.name, why="it holds other files")
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    written = _Writer(draft)
    body = {"form": _FORM, "volver": VERSION, "model": written.told(model)}
    (draft / _MODEL).write_text(json.dumps(body, ensure_ascii=False, allow_nan=False), encoding="utf-8")
    for path in (*draft.iterdir(), draft):
        _sync(path)
    if folder.exists():
        shutil.rmtree(folder)
    draft.replace(folder)
    _sync(folder.parent)
    return folder


def open_model(folder: str | Path) -> Any:
    """What `save_model` wrote; arrays stay on disk until they are asked for. Raises `predict.bad_model_folder`."""
    folder = Path(folder)
    try:
        body = json.loads((folder / _MODEL).read_text(encoding="utf-8"))
        if body["form"] != _FORM:
            raise BadModelFolder(folder=folder.name, why=f"it is of form {body['form']}")
        return _Reader(folder).read(body["model"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ImportError) as cause:
        raise BadModelFolder(folder=folder.name, why=f"{type(cause).__name__}: {cause}") from cause


class _Writer:
    """Values as JSON; arrays go to files. What was told before is only pointed to."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: dict[int, int] = {}
        self._held: list[Any] = []  # so that no two things are told under one id

    def told(self, value: Any) -> Any:
        """One value."""
        if isinstance(value, _PLAIN) and not isinstance(value, Enum):
            return value
        if type(value) is float:
            return value if math.isfinite(value) else {"@": "float", "is": str(value)}
        if id(value) in self._seen:
            return {"@": "same", "as": self._seen[id(value)]}
        number = self._seen[id(value)] = len(self._held)
        self._held.append(value)
        return {"#": number} | self._thing(value, number)

    def _thing(self, value: Any, number: int) -> dict[str, Any]:
        if isinstance(value, np.ndarray):
            return self._array(value, number)
        if isinstance(value, np.generic):
            return {"@": "number", "type": value.dtype.str, "is": self.told(value.item())}
        if isinstance(value, dict):
            return {"@": "dict", "of": [[self.told(key), self.told(each)] for key, each in value.items()]}
        for kind in (tuple, list, set, frozenset):
            if type(value) is kind:
                return {"@": kind.__name__, "of": [self.told(each) for each in value]}
        if isinstance(value, datetime | date):
            return {"@": type(value).__name__, "is": value.isoformat()}
        return self._arrow(value, number) or self._sparse(value) or self._object(value)

    def _array(self, value: Any, number: int) -> dict[str, Any]:
        if value.dtype.hasobject:
            return {"@": "objects", "shape": list(value.shape), "of": [self.told(each) for each in value.ravel()]}
        np.save(self._folder / f"{number}.npy", value, allow_pickle=False)
        return {"@": "array"}

    def _arrow(self, value: Any, number: int) -> dict[str, Any] | None:
        import pyarrow as pa

        if isinstance(value, pa.DataType):
            value, kind = pa.table({"": pa.array([], value)}), "arrow type"
        elif isinstance(value, pa.Array | pa.ChunkedArray):
            value, kind = pa.table({"": value}), "arrow"
        else:
            return None
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, value.schema) as stream:
            stream.write_table(value)
        np.save(self._folder / f"{number}.npy", np.frombuffer(sink.getvalue(), np.uint8), allow_pickle=False)
        return {"@": kind}

    def _sparse(self, value: Any) -> dict[str, Any] | None:
        from scipy import sparse

        if not sparse.issparse(value) or value.format not in ("csr", "csc"):
            return None
        parts = {name: self.told(getattr(value, name)) for name in ("data", "indices", "indptr")}
        return {"@": value.format, "shape": list(value.shape), "sorted": bool(value.has_sorted_indices), **parts}

    def _object(self, value: Any) -> dict[str, Any]:
        if isinstance(value, Enum) and type(value).__module__.startswith(("volver.", "narwhals.")):
            return {"@": "enum", "class": _name_of(type(value)), "is": value.name}
        if isinstance(value, type) or (callable(value) and hasattr(value, "__qualname__")):
            return {"@": "name", "is": _name_of(value)}
        name, kind = _name_of(type(value)), type(value)
        state = {slot: getattr(value, slot) for each in kind.__mro__ for slot in vars(each).get("__slots__", ())
                 if hasattr(value, slot)}  # fmt: skip
        state |= {name: each for name, each in getattr(value, "__dict__", {}).items() if not _is_derived(kind, name)}
        return {"@": "object", "class": name, "of": {name: self.told(each) for name, each in state.items()}}


class _Reader:
    """Values back from JSON."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: dict[int, Any] = {}

    def read(self, told: Any) -> Any:
        """One value."""
        if not isinstance(told, dict):
            return told
        if told["@"] == "same":
            return self._seen[told["as"]]
        if told["@"] == "float":
            return float(told["is"])
        if told["@"] == "object":
            return self._object(told)
        found = self._kinds[told["@"]](self, told)
        self._seen[told["#"]] = found
        return found

    def _object(self, told: dict[str, Any]) -> Any:
        kind = _named(told["class"])
        if not isinstance(kind, type):
            raise TypeError(f"{told['class']} is no class")
        found: Any = object.__new__(kind)
        self._seen[told["#"]] = found
        for name, each in told["of"].items():
            object.__setattr__(found, name, self.read(each))
        return found

    def _many(self, told: dict[str, Any]) -> list[Any]:
        return [self.read(each) for each in told["of"]]

    def _load(self, told: dict[str, Any]) -> Any:
        return np.load(self._folder / f"{int(told['#'])}.npy", mmap_mode="r", allow_pickle=False)

    def _objects(self, told: dict[str, Any]) -> Any:
        found: Any = np.empty(math.prod(told["shape"]), dtype=object)
        found[:] = self._many(told)
        return found.reshape(told["shape"])

    def _arrow(self, told: dict[str, Any]) -> Any:
        import pyarrow as pa

        with pa.ipc.open_stream(pa.py_buffer(self._load(told))) as stream:
            found = stream.read_all()
        if told["@"] == "arrow type":
            return found.schema.field(0).type
        return found.column(0).combine_chunks() if found.column(0).num_chunks != 1 else found.column(0).chunk(0)

    def _sparse(self, told: dict[str, Any]) -> Any:
        from scipy import sparse

        kind: Any = {"csr": sparse.csr_matrix, "csc": sparse.csc_matrix}[told["@"]]
        found = kind(tuple(self.read(told[name]) for name in ("data", "indices", "indptr")), shape=told["shape"])
        found.has_sorted_indices = told["sorted"]
        return found

    _kinds: Final[dict[str, Callable[["_Reader", dict[str, Any]], Any]]] = {
        "array": _load,
        "arrow": _arrow,
        "arrow type": _arrow,
        "csc": _sparse,
        "csr": _sparse,
        "date": lambda _, told: date.fromisoformat(told["is"]),
        "datetime": lambda _, told: datetime.fromisoformat(told["is"]),
        "dict": lambda self, told: {self.read(key): self.read(each) for key, each in told["of"]},
        "enum": lambda _, told: _named(told["class"])[told["is"]],
        "frozenset": lambda self, told: frozenset(self._many(told)),
        "list": _many,
        "name": lambda _, told: _named(told["is"]),
        "number": lambda self, told: np.dtype(told["type"]).type(self.read(told["is"])),
        "objects": _objects,
        "set": lambda self, told: set(self._many(told)),
        "tuple": lambda self, told: tuple(self._many(told)),
    }


def _is_derived(kind: type, name: str) -> bool:
    """Whether an attribute is worked out from others when it is asked for."""
    return any(isinstance(vars(each).get(name), cached_property) for each in kind.__mro__)


def _name_of(thing: Any) -> str:
    name = f"{thing.__module__}:{thing.__qualname__}"
    with suppress(ValueError, AttributeError, ImportError):
        if _named(name) is thing:
            return name
    raise NotKeepable(kind=name)


def _named(name: str) -> Any:
    """A class or a function by its name: one of ours that stands where its name says, or a frame library's."""
    module, _, inside = name.partition(":")
    if not module.startswith(_OURS) and name != "narwhals._utils:Implementation":
        raise ValueError(f"{name} is none of ours")
    found: Any = import_module(module)
    for part in inside.split("."):
        found = vars(found)[part]
    if getattr(found, "__module__", None) != module:
        raise ValueError(f"{name} is none of ours")
    return found


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
