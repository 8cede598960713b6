"""The model shelf: every fit is kept as JSON with where it came from, and one of them is the published one.

Writes `models/*.json` in the shop and a row of the state for each. A model holds parameters and totals, nothing about
a person.
"""

import json
import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from volver.core import VolverError
from volver.predict.learning import Learned, learned_from
from volver.store import Shop

_KIND = "value"


class NoModel(VolverError):
    """A question to a shop whose shelf is empty."""

    code = "predict.no_model"
    says = "This shop has no fitted model yet."
    hint = "Fit one with `volver predict fit`."
    status = 404


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelfModel:
    """A model on the shelf. `body` is the whole of its JSON."""

    model: str
    data_until: date
    customers: int
    fitted_us: int
    published: bool
    body: dict[str, Any]

    @property
    def learned(self) -> Learned:
        """The model itself, ready to be asked."""
        return learned_from(self.body["learned"])


def keep(shop: Shop, learned: Learned, facts: dict[str, Any], now_us: int) -> Path:
    """Put a model on the shelf and publish it. The file is whole or absent, whatever happens."""
    from sqlalchemy import insert, update

    from volver.store import schema

    models = schema.models

    folder = shop.path / "models"
    folder.mkdir(exist_ok=True)
    target = folder / f"{_KIND}-{learned.at.isoformat()}-{now_us}.json"
    body = {"kind": _KIND, "fitted_us": now_us, "learned": learned.to_dict(), **facts}
    _write(target, json.dumps(body, indent=1, allow_nan=False))
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


def shelf(shop: Shop) -> tuple[ShelfModel, ...]:
    """Every model that was kept, newest first."""
    from sqlalchemy import select

    from volver.store import schema

    models = schema.models
    with shop.state.read() as rows:
        found = rows.execute(select(models).where(models.c.kind == _KIND).order_by(models.c.id.desc())).mappings().all()
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


def _on_shelf(shop: Shop, row: dict[str, Any]) -> ShelfModel | None:
    told = json.loads(row["body"])
    path = shop.path / "models" / told["file"]
    if not path.exists():
        return None
    return ShelfModel(
        model=told["model"],
        data_until=date.fromisoformat(row["data_until"]),
        customers=row["customers"],
        fitted_us=row["fitted_us"],
        published=bool(row["published"]),
        body=json.loads(path.read_text(encoding="utf-8")),
    )


def _write(target: Path, text: str) -> None:
    draft = target.with_suffix(".part")
    with draft.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(target)
