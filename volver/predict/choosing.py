"""Which law the shop gets: with its seasons or without, decided by its own past.

Reads the ledger, writes nothing. Seasons are learned only where a whole year was seen before each of two past days, and
kept only if at both the forecast with them was not worse, and over both clearly better: one good guess proves nothing.
"""

from datetime import timedelta
from typing import Final

import numpy as np

from volver.predict.buyers import Buyers, TooLittleHistory, buyers
from volver.predict.laws.buying import BuyingModel
from volver.predict.learning import DEFAULT, MODELS, Learned, UnknownModel, learn
from volver.predict.season import FLAT, Season, learn_season
from volver.store import Shop

_YEAR: Final = 365
_SHORTEST: Final = 45  # days of each of the two trials
_LONGEST: Final = 120
_FEWEST: Final = 100  # later orders within a trial; fewer say nothing
_MANY: Final = 20_000  # customers that are enough to see a season
_GAIN: Final = 0.05  # in logs, over both trials: less is within what chance gives
_WORSE: Final = 0.05  # how much worse one trial may be, in logs


def learned_for(shop: Shop, known: Buyers, model: str = DEFAULT) -> Learned:
    """The model for a shop as it was known at `known.at`, seasons included where they have proved themselves.

    Raises `predict.unknown_model`.
    """
    if model not in MODELS:
        raise UnknownModel(model=model)
    return learn(known, model, _season(shop, known, MODELS[model]))


def _season(shop: Shop, known: Buyers, kind: type[BuyingModel]) -> Season:
    """The shop's season, or none. Learned and tried on an even part of the customers where they are many."""
    first = known.first_day.min().astype(object)
    length = min(_LONGEST, ((known.at - first).days - _YEAR) // 2)
    if length < _SHORTEST:
        return FLAT
    every = max(1, len(known) // _MANY)
    plain, seasonal = [], []
    try:
        now = known if every == 1 else buyers(shop, known.at, every=every)
        season = season_of(shop, now, kind, every)
        for _ in range(2):
            then = buyers(shop, now.at - timedelta(days=length), every=every)
            came = float(now.came_since(then)[0].sum())
            if came < _FEWEST:
                return FLAT
            plain.append(_miss(kind, then, FLAT, length, came))
            seasonal.append(_miss(kind, then, season_of(shop, then, kind, every), length, came))
            now = then
    except TooLittleHistory:
        return FLAT
    gain = sum(plain) - sum(seasonal)
    helps = gain > max(_GAIN, sum(plain) / 4) and all(b <= a + _WORSE for a, b in zip(plain, seasonal, strict=True))
    return season if helps else FLAT


def season_of(shop: Shop, known: Buyers, kind: type[BuyingModel], every: int = 1) -> Season:
    """Twelve weights from the orders of these buyers until `known.at`."""
    found = shop.compute.query("predict_daily_orders", born_until=known.at, as_of=known.at, every=every)
    days = np.array(found.column("day").to_pylist(), dtype="datetime64[D]")
    return learn_season(known, kind, days, np.array(found.column("orders").to_pylist(), dtype=np.float64))


def _miss(kind: type[BuyingModel], then: Buyers, season: Season, days: int, came: float) -> float:
    """How far the total of orders was off, in logs."""
    known = season.histories(then.known, then.at)
    foreseen = float(known.n @ kind().fit(known).orders_by_row(known, season.span(then.at, days)))
    return abs(float(np.log(max(foreseen, 1e-9) / came)))
