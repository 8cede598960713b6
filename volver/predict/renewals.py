"""Renewing what is foreseen: the scores of every customer, what they buy again and when, what they are likely to do."""

from collections.abc import Callable
from typing import Any

from volver.core import Words
from volver.know import today
from volver.predict.freshness import (
    RELEARN_DAYS,
    SCORES,
    propensities_are_due,
    rebuys_are_due,
    scores_are_due,
)
from volver.predict.uplift.propensity_scores import learn_propensities
from volver.predict.value.histories import TooLittleHistory
from volver.predict.value.publishing import fit
from volver.predict.value.registry import NoModel, published
from volver.predict.value.rollback import republish
from volver.predict.when.replenishment_scores import foresee_when
from volver.store import LEARNING, Progress, Renewal, Shop, Work


def renew_scores(shop: Shop, progress: Progress | None = None) -> None:
    """Learn anew and publish; where only the day has changed, ask the published model about the new day.

    Raises `predict.too_little_history`.
    """
    day = today(shop).day
    if SCORES.behind(shop, "scores", day) == {"day"} and not _must_learn(shop):
        _tell(progress, Words("Forecasts move on to the new day"))
        republish(shop, published(shop).id)
    else:
        _tell(progress, Words("Learning what each customer will be worth"))
        fit(shop)


def renew_rebuys(shop: Shop, progress: Progress | None = None) -> None:
    """Publish what is bought again, and the best moments."""
    _tell(progress, Words("Learning what they buy again, and when"))
    foresee_when(shop)


def renew_propensities(shop: Shop, progress: Progress | None = None) -> None:
    """Publish who is likely to do what. Raises `predict.too_little_history`."""
    _tell(progress, Words("Learning who is likely to do what"))
    learn_propensities(shop)


def fit_job(work: Work) -> dict[str, Any] | None:
    """The job of the scores; a shop with too little history gets none, and `why_not` says what it lacks."""
    return _renewed(work, scores_are_due, renew_scores)


def when_job(work: Work) -> dict[str, Any] | None:
    """The job of what is bought again, and when."""
    return _renewed(work, rebuys_are_due, renew_rebuys)


def propensities_job(work: Work) -> dict[str, Any] | None:
    """The job of who is likely to do what."""
    return _renewed(work, propensities_are_due, renew_propensities)


def _renewed(
    work: Work, is_due: Callable[[Shop], bool], renew: Callable[[Shop, Progress | None], None]
) -> dict[str, Any] | None:
    with work.shop.locks.held(LEARNING):  # who waited here finds that another has done it
        if not work.payload.get("anew") and not is_due(work.shop):
            return None
        try:
            renew(work.shop, work.say)
        except TooLittleHistory as missing:
            return {"renewed": False, "why_not": str(missing)}
    return {"renewed": True, "why_not": ""}


def _must_learn(shop: Shop) -> bool:
    """Whether the published model is too old to be asked about another day, or comes from another future."""
    try:
        age = (today(shop).day or published(shop).learned_until) - published(shop).learned_until
    except NoModel:
        return True
    return not 0 <= age.days < RELEARN_DAYS


def _tell(progress: Progress | None, words: Words) -> None:
    if progress:
        progress(words)


RENEWALS = (
    Renewal(
        name="scores",
        tables=("scores",),
        says=Words("What each customer will be worth"),
        due="volver.predict.freshness:scores_are_due",
        renew="volver.predict.renewals:renew_scores",
    ),
    Renewal(
        name="rebuys",
        tables=("rebuys", "moments"),
        says=Words("What they buy again, and when"),
        due="volver.predict.freshness:rebuys_are_due",
        renew="volver.predict.renewals:renew_rebuys",
    ),
    Renewal(
        name="propensities",
        tables=("propensities",),
        says=Words("Who is likely to do what"),
        due="volver.predict.freshness:propensities_are_due",
        renew="volver.predict.renewals:renew_propensities",
        costly=True,
    ),
)
