"""The job that fits after a refresh, so that pages find a forecast of what is known."""

from typing import TYPE_CHECKING, Any

from volver.core import Words
from volver.predict.answering import kept_levers
from volver.predict.buyers import TooLittleHistory
from volver.predict.fitting import fit
from volver.store import LEARNING

if TYPE_CHECKING:
    from volver.store import Work


def refit(work: "Work") -> dict[str, Any]:
    """Fit, and work out what pages ask of the model first. The payload may name the day (`at`).

    A shop with too little history gets no scores; `why_not` says what is missing.
    """
    with work.shop.locks.held(LEARNING):
        work.progress(0.0, Words("Learning from the orders"))
        try:
            fitted = fit(work.shop, work.payload.get("at"))
            work.progress(0.9, Words("Working out what moves the value"))
            kept_levers(work.shop)
        except TooLittleHistory as missing:
            return {"fitted": False, "why_not": str(missing)}
    return {"fitted": True, "why_not": "", "model": fitted.model, "customers": fitted.customers}
