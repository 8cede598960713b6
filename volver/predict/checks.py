"""What the doctor asks of predict: whether scores are of the ledger as it is, and whether models are whole."""

import json
from typing import Final

from volver.core import Words
from volver.know import today
from volver.predict.freshness import SCORES, is_of_another_model
from volver.predict.value.histories import FEWEST
from volver.predict.value.registry import is_whole
from volver.store import Check, Shop, stamp

_MAKERS: Final = ("know.refresh", "predict.fit")


def check_scores(shop: Shop) -> Check:
    """Whether the scores are of the ledger as it is; not healthy where they are not and no job is to make them."""
    if shop.lake.version("order_lines") < 0:
        return Check(name="scores", ok=True, says=Words("No orders yet."))
    behind = SCORES.behind(shop, "scores", today(shop).day) - {"day"}
    if not behind and not is_of_another_model(shop):
        return Check(name="scores", ok=True, says=Words("They are of the ledger as it is."))
    if _are_coming(shop):
        return Check(name="scores", ok=True, says=Words("They are behind the ledger; a job makes them."))
    made = stamp(shop, "scores")
    if made is None and _buyers(shop) < FEWEST:
        return Check(name="scores", ok=True, says=Words("Too few customers have ordered to foresee anything."))
    if made is None:
        says = Words("Customers have no scores.")
    else:
        says = Words("Customers have scores of {day}; what they were made from has changed since.", {"day": made.day})
    hint = "Run `volver predict fit`, or start `volver work` or `volver serve`."
    return Check(name="scores", ok=False, says=says, hint=hint)


def check_shelf(shop: Shop) -> Check:
    """Whether the file of each model on the shelf is there and as it was written."""
    rows = shop.state.quick_read("select id, body, published from models order by id")
    files = [(int(number), str(json.loads(body).get("file", "")), bool(shown)) for number, body, shown in rows]
    lost = [each for each in files if each[1] and not (shop.path / "models" / each[1]).exists()]
    broken = [each for each in files if each not in lost and each[1] and not is_whole(shop.path / "models" / each[1])]
    if not lost and not broken:
        return Check(name="shelf", ok=True, says=Words("{n} models are whole.", {"n": len(files)}))
    numbers = ", ".join(str(number) for number, _, _ in (*lost, *broken)[:10])
    says = Words(
        "{lost} models have no file and {broken} were changed since they were written: {numbers}.",
        {"lost": len(lost), "broken": len(broken), "numbers": numbers},
    )
    hint = "Take the models folder from a backup; or fit again with `volver predict fit`."
    is_needed = any(shown for _, _, shown in (*lost, *broken))
    return Check(name="shelf", ok=not (broken or is_needed), says=says, hint=hint)


def _are_coming(shop: Shop) -> bool:
    asked = "select count(*) from jobs where status in ('waiting', 'running') and name in (:one, :other)"
    return bool(shop.state.quick_read(asked, one=_MAKERS[0], other=_MAKERS[1])[0][0])


def _buyers(shop: Shop) -> int:
    asked = "select count(distinct customer_id) as n from order_lines where kind = 'sale'"
    return int(shop.compute.relation(asked)["n"][0].as_py())
