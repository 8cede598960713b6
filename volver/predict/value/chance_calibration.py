"""Making the chance to buy within 7, 30 and 90 days mean what it says, from the shop's own past.

Pure numerics over `Past`: asks on up to three past days, ninety days apart, what would have been said, and learns maps
from that to what came. A map that does not help on days left out is not used.
"""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

import numpy as np

from volver.predict.numerics.calibration import IDENTITY, calibration_of
from volver.predict.value.forecast import Foreseen
from volver.predict.value.histories import Past, TooLittleHistory
from volver.predict.value.selection import Choice
from volver.predict.value.training import learn

CHANCE_DAYS: Final = (7, 30, 90)
_WINDOWS: Final = 3
_YOUNGEST: Final = 60  # days of history before a past day


def p_within(seen: Foreseen, days: float) -> Any:
    """Chance of an order within so many days, per customer: never less than of any shorter of `CHANCE_DAYS`."""

    def is_moved(asked: float) -> bool:
        return bool(seen.learned.chances.get(str(round(asked)), IDENTITY)["kind"] != IDENTITY["kind"])

    shorter = [float(each) for each in CHANCE_DAYS if each < days and (is_moved(each) or is_moved(days))]
    return np.max([seen.p_buy(each) for each in (*shorter, float(days))], axis=0)


def learned_chances(past: Past, at: date, choice: Choice) -> dict[str, dict[str, Any]]:
    """A map for each of `CHANCE_DAYS` (by its text), in plain values; none where the history is too short."""
    said: dict[int, list[Any]] = {days: [] for days in CHANCE_DAYS}
    came: dict[int, list[Any]] = {days: [] for days in CHANCE_DAYS}
    window: list[Any] = []
    longest = CHANCE_DAYS[-1]
    for i in range(1, _WINDOWS + 1):
        day = at - timedelta(days=longest * i)
        if (day - past.first).days < _YOUNGEST:
            break
        try:
            then = past.at(day)
        except TooLittleHistory:
            break
        seen = Foreseen(learn(then, replace(choice, chances={})), then, float(longest))
        window.append(np.full(len(then), i))
        for days in CHANCE_DAYS:
            said[days].append(seen.p_buy(float(days)))
            came[days].append(past.at(day + timedelta(days=days)).came_since(then)[0] > 0)
    if not window:
        return {}
    of_window = np.concatenate(window)
    return {
        str(days): calibration_of(np.concatenate(said[days]), np.concatenate(came[days]), window=of_window)
        for days in CHANCE_DAYS
    }
