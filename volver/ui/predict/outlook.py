"""What the next twelve months should bring, as every page says it: of today's customers, and of those still to come."""

from dataclasses import dataclass
from math import exp, hypot, log
from typing import Any, Final

from volver import predict
from volver.core import E4
from volver.store import Shop, kept_answer
from volver.ui.predict.shelf import Worth, model_of, worth_of

_Z90: Final = 1.6448536269514722


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """Money of twelve months with its 90 % interval; `coming_e4` is None where newcomers cannot be foreseen."""

    worth: Worth
    value_e4: int
    low_e4: int
    high_e4: int
    today_e4: int
    coming_e4: int | None


def kept_levers(shop: Shop) -> dict[str, Any]:
    """What `predict.levers` says, as the published model has it; made once for each. Raises `predict.no_model`."""
    return kept_answer(
        shop, "levers", ("scores",), dict[str, Any], lambda: predict.levers(shop).to_dict(), model_of(shop)
    )


def outlook_of(shop: Shop) -> Outlook | None:
    """The twelve months to come; None where there is no model."""
    worth = worth_of(shop)
    if worth is None:
        return None
    told = kept_levers(shop)["value"]
    if told["coming"] is None:
        return Outlook(
            worth=worth,
            value_e4=worth.value_e4,
            low_e4=worth.low_e4,
            high_e4=worth.high_e4,
            today_e4=worth.value_e4,
            coming_e4=None,
        )
    low, high = _with_doubt(told["coming"], told["coming_doubt"], worth)
    coming = round(told["coming"] * E4)
    return Outlook(
        worth=worth,
        value_e4=worth.value_e4 + coming,
        low_e4=worth.low_e4 + low,
        high_e4=worth.high_e4 + high,
        today_e4=worth.value_e4,
        coming_e4=coming,
    )


def _with_doubt(coming: float, doubt: float, worth: Worth) -> tuple[int, int]:
    """The 90 % interval of what newcomers bring: their own doubt and that of the laws, which both sums share.

    As the laws may be off the same way for both, the ends of the two sums are added.
    """
    laws = log(worth.high_e4 / worth.low_e4) / (2 * _Z90) if 0 < worth.low_e4 < worth.high_e4 else 0.0
    wide = _Z90 * hypot(doubt, laws)
    return round(coming * E4 * exp(-wide)), round(coming * E4 * exp(wide))
