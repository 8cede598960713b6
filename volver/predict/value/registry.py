"""The model shelf: every fit is kept as JSON with where it came from, and one of them is the published one.

Writes `models/*.json` in the shop and a row of the state for each. A model holds parameters and totals, nothing about
a person.
"""

import hashlib
import json
import os
import threading
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from volver.core import VERSION, VolverError
from volver.predict.value.training import Learned, learned_from
from volver.store import Shop

_KIND = "value"
_DIGEST = "sha256"
_MOST = 32  # parsed files in memory
_bodies: dict[Path, tuple[tuple[int, int, int], dict[str, Any]]] = {}
_lock = threading.Lock()


class NoModel(VolverError):
    """A question to a shop whose shelf is empty."""

    code = "predict.no_model"
    says = "This shop has no fitted model yet."
    hint = "Fit one with `volver predict fit`."
    status = 404


class NoSuchModel(VolverError):
    """A model that is not on the shelf."""

    code = "predict.no_such_model"
    says = "There is no model {model} on the shelf."
    hint = "List them with `volver predict shelf`."
    status = 404


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelfModel:
    """A model on the shelf. `body` is the whole of its JSON, which is not to be changed.

    `learned_until` is the last day that its parameters rest on; `data_until` the last day that its scores know of each
    customer: later, when it was published again. `version` is the Volver that fitted it; empty where that is not known.
    """

    id: int
    model: str
    learned_until: date
    data_until: date
    customers: int
    fitted_us: int
    published: bool
    file: str
    body: dict[str, Any]

    @property
    def learned(self) -> Learned:
        """The model itself, ready to be asked about customers as known at `data_until`."""
        return learned_from({**self.body["learned"], "at": self.data_until.isoformat()})

    @property
    def version(self) -> str:
        """The version of Volver that fitted it."""
        return str(self.body.get("volver", ""))

    def to_dict(self) -> dict[str, Any]:
        """Where it came from and how it did, as in the JSON of `volver predict shelf`."""
        check = self.body.get("check") or {}
        return {
            "id": self.id,
            "model": self.model,
            "published": self.published,
            "fitted_us": self.fitted_us,
            "learned_until": self.learned_until.isoformat(),
            "data_until": self.data_until.isoformat(),
            "customers": self.customers,
            "settings": {name: self.body.get(name) for name in ("horizon_days", "discount_rate_yearly")},
            "choice": (self.body.get("choice") or {}).get("chosen"),
            "total": self.body.get("total"),
            "check": {name: check.get(name) for name in _CHECKED} if check else None,
            "volver": self.version or None,
            "file": self.file,
        }


_CHECKED = ("calibration_until", "holdout_until", "total", "interval80", "covers", "customer", "baseline")


def keep(shop: Shop, learned: Learned, facts: dict[str, Any], now_us: int) -> Path:
    """Put a model on the shelf and publish it. The file is whole or absent, whatever happens."""
    from sqlalchemy import insert, update

    from volver.store import schema

    models = schema.models

    folder = shop.path / "models"
    folder.mkdir(exist_ok=True)
    target = folder / f"{_KIND}-{learned.at.isoformat()}-{now_us}.json"
    body = {"kind": _KIND, "fitted_us": now_us, "volver": VERSION, "learned": learned.to_dict(), **facts}
    write_whole(target, body)
    row = {
        "kind": _KIND,
        "fitted_us": now_us,
        "data_until": learned.at.isoformat(),
        "customers": learned.customers,
        "body": json.dumps({"file": target.name, "model": learned.model}),
        "published": 1,
    }
    with shop.state.begin() as rows:
        rows.execute(update(models).where(models.c.kind == _KIND).values(published=0))
        rows.execute(insert(models).values(**row))
    return target


def shelf(shop: Shop, most: int | None = None) -> tuple[ShelfModel, ...]:
    """Every model that was kept, newest first; or the newest so many."""
    from sqlalchemy import select

    from volver.store import schema

    models = schema.models
    wanted = select(models).where(models.c.kind == _KIND).order_by(models.c.id.desc()).limit(most)
    with shop.state.read() as rows:
        found = rows.execute(wanted).mappings().all()
    return tuple(each for each in (_on_shelf(shop, dict(row)) for row in found) if each is not None)


def published(shop: Shop) -> ShelfModel:
    """The model whose scores are in the store. Raises `predict.no_model`."""
    from sqlalchemy import select

    from volver.store import schema

    models = schema.models
    wanted = select(models).where(models.c.kind == _KIND, models.c.published == 1).order_by(models.c.id.desc()).limit(1)
    with shop.state.read() as rows:
        row = rows.execute(wanted).mappings().first()
    found = _on_shelf(shop, dict(row)) if row else None
    if found is None:
        raise NoModel
    return found


def kept_model(shop: Shop, model_id: int) -> ShelfModel:
    """The model with this id. Raises `predict.no_such_model`."""
    from sqlalchemy import select

    from volver.store import schema

    models = schema.models
    with shop.state.read() as rows:
        row = rows.execute(select(models).where(models.c.kind == _KIND, models.c.id == model_id)).mappings().first()
    found = _on_shelf(shop, dict(row)) if row else None
    if found is None:
        raise NoSuchModel(model=model_id)
    return found


def put_back(shop: Shop, model: ShelfModel, facts: dict[str, Any]) -> ShelfModel:
    """Make a kept model the published one, with `facts` changed in its body."""
    from sqlalchemy import case, update

    from volver.store import schema

    models = schema.models
    write_whole(shop.path / "models" / model.file, {**model.body, **facts})
    flag = case((models.c.id == model.id, 1), else_=0)
    with shop.state.begin() as rows:
        rows.execute(update(models).where(models.c.kind == _KIND).values(published=flag))
    return kept_model(shop, model.id)


def write_whole(target: Path, body: dict[str, Any]) -> None:
    """Write JSON so that the file is whole or as it was, whatever happens; its digest is part of it."""
    body = {**body, _DIGEST: _digest({name: value for name, value in body.items() if name != _DIGEST})}
    draft = target.with_suffix(".part")
    with draft.open("w", encoding="utf-8") as file:
        file.write(json.dumps(body, indent=1, allow_nan=False))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(target)


def is_whole(path: Path) -> bool:
    """Whether a model's file says what was written to it; of one of an older release, whether it can be read."""
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return False
    if not isinstance(body, dict):
        return False
    told = body.pop(_DIGEST, None)
    return told is None or told == _digest(body)


def _digest(body: dict[str, Any]) -> str:
    plain = json.loads(json.dumps(body, allow_nan=False))  # as it is read again
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def _body(path: Path) -> dict[str, Any]:
    """A model's file, parsed once for each time it is written. Nobody changes what is answered."""
    told = path.stat()
    written = (told.st_mtime_ns, told.st_size, told.st_ino)
    held = _bodies.get(path)
    if held is None or held[0] != written:
        held = (written, json.loads(path.read_text(encoding="utf-8")))
        with _lock:
            _bodies.pop(path, None)
            if len(_bodies) >= _MOST:
                _bodies.pop(next(iter(_bodies)))
            _bodies[path] = held
    return held[1]


def _on_shelf(shop: Shop, row: dict[str, Any]) -> ShelfModel | None:
    told = json.loads(row["body"])
    path = shop.path / "models" / told["file"]
    if not path.exists():
        return None
    body = _body(path)
    return ShelfModel(
        id=row["id"],
        model=told["model"],
        learned_until=date.fromisoformat(row["data_until"]),
        data_until=date.fromisoformat(body.get("scored_at") or row["data_until"]),
        customers=int(body.get("scored_customers") or row["customers"]),
        fitted_us=row["fitted_us"],
        published=bool(row["published"]),
        file=told["file"],
        body=body,
    )
