"""The levers that the console shows on every visit: worked out once per published model, because they take a second.

Kept beside the model as `models/*.levers.json` with what they rest on; those of another day or other settings are
worked out again. Totals only, nothing about a person.
"""

import json
from typing import Any

from volver.know import KnowSettings
from volver.predict.money.levers import levers
from volver.predict.settings import PredictSettings
from volver.predict.value.registry import published, write_whole
from volver.store import Shop


def kept_levers(shop: Shop) -> dict[str, Any]:
    """The JSON of `volver predict levers` for a year, worked out now where it is not kept.

    Raises `predict.no_model`.
    """
    model = published(shop)
    rests_on = {
        "data_until": model.data_until.isoformat(),
        "discount_rate_yearly": shop.settings.of(PredictSettings).discount_rate_yearly,
        "margin_rate": shop.settings.of(KnowSettings).margin_rate,
        "orders": shop.lake.snapshot("order_lines").version,
    }
    path = shop.path / "models" / f"{model.file.removesuffix('.json')}.levers.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if found.get("rests_on") != rests_on:
        found = {"rests_on": rests_on, "levers": levers(shop).to_dict()}
        write_whole(path, found)
    told: dict[str, Any] = found["levers"]
    return told
