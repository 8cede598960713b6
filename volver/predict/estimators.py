"""Fitted models of any kind, kept in the shop: the newest of each kind, as arrays that are mapped into memory.

Writes folders under `models/` and rows of the state's `models`, which `value.registry` shares for forecasts. A model
holds weights and levels, nothing about a person.
"""

import json
import shutil
from datetime import date
from typing import Any

from volver.predict.numerics.saving import open_model, save_model
from volver.store import Shop


def keep_estimator(shop: Shop, kind: str, model: Any, *, until: date, customers: int, now_us: int) -> None:
    """Keep what was fitted in the place of the last of its kind. A reader finds the old one or the new one, whole."""
    from sqlalchemy import delete, insert, select

    from volver.store import schema

    models = schema.models
    name = f"{kind}-{until.isoformat()}-{now_us}"
    save_model(model, shop.path / "models" / name)
    row = {"kind": kind, "fitted_us": now_us, "data_until": until.isoformat(), "customers": customers}
    with shop.state.begin() as rows:
        old = [json.loads(body) for body in rows.execute(select(models.c.body).where(models.c.kind == kind)).scalars()]
        rows.execute(delete(models).where(models.c.kind == kind))
        rows.execute(insert(models).values(**row, body=json.dumps({"file": name}), published=1))
    for each in old:
        if each["file"] != name:
            shutil.rmtree(shop.path / "models" / each["file"], ignore_errors=True)


def kept_estimator(shop: Shop, kind: str) -> Any:
    """The newest model of a kind, ready to be asked; None where none was kept. Raises `predict.bad_model_folder`."""
    from sqlalchemy import select

    from volver.store import schema

    models = schema.models
    wanted = select(models.c.body).where(models.c.kind == kind, models.c.published == 1).order_by(models.c.id.desc())
    with shop.state.read() as rows:
        body = rows.execute(wanted.limit(1)).scalar()
    return None if body is None else open_model(shop.path / "models" / json.loads(body)["file"])
