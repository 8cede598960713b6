"""How far past forecasts of the shop's total were off, what to make of it, and how sure a total can be.

Pure numerics. One bad guess proves nothing: the level moves only where several past days agree, and little unless they
agree on much (a mixture prior: most shops are near the law, some are far off). What is left moves into the interval.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy.special import stdtrit

from volver.predict.numerics.arrays import Floats

_SHOCK: Final = 0.10  # usual error of a total, in logs, before the shop's own past says so; measured on eleven shops
_FREEDOM: Final = 3.0  # past errors that this prior is worth
_FIRST_YEAR: Final = 0.08  # more doubt, in logs, while no whole year was seen
_UNSEEN: Final = 0.25  # and as much more for a horizon of months that were never seen: a season is unknown
_TOLD: Final = 0.4  # what of both is left where an imported calendar tells the seasons
_BREAK: Final = float(np.log(2.0))  # the newest error beyond the older ones by this much, in logs, is a break
_SURE: Final = 4.0  # and by this many deviations of the older ones, and of chance
_FOLLOWED: Final = 0.7  # of a break, in logs
_REOPENED: Final = 0.5  # more doubt, in logs, as long as nobody knows who comes back after a closure
_HEARD: Final = 0.3  # errors that tell less do not vote on the direction
_NEAR, _FAR = 0.08, 0.35  # how far off shops are, in logs
_SHARE_FAR: Final = 0.15
_ROUNDS: Final = 40
_FEWEST: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """What totals are multiplied by, and the standard deviation of the log of what remains wrong.

    `freedom` is that of Student's t. Of `LAW` nothing was learned: totals are the law's, and only its own doubt counts.
    """

    orders: float = 1.0
    money: float = 1.0
    orders_doubt: float = 0.0
    money_doubt: float = 0.0
    freedom: float = 1e6
    broke: bool = False  # the newest past day was unlike the older ones

    def to_dict(self) -> dict[str, Any]:
        """Plain values for `Level(**values)`."""
        return {name: getattr(self, name) for name in self.__slots__}

    def half_width(self, own: float, doubt: float, share: float) -> float:
        """Half the width in logs of the central interval that holds `share`; `own` is the law's deviation."""
        return float(stdtrit(self.freedom, 0.5 + share / 2.0)) * float(np.hypot(own, doubt))


LAW: Final = Level()


def learn_level(
    orders: Sequence[Any],
    money: Sequence[Any],
    *,
    a_year_seen: bool,
    unseen: float = 0.0,
    reopened: float = 0.0,
    told: float = 0.0,
    trust: float = 0.0,
) -> Level:
    """The level from past errors, newest first: (log of what came over what was foreseen, variance that chance alone
    gives, and how much it says of today's, 0 to 1 and 1 where it is left out). `unseen` is the share of the horizon in
    months that the history does not hold, `told` the part of it that an imported calendar holds, which is trusted from
    0 to 1: by as much as the shop's orders follow it; `reopened` is the share of the horizon for which a shop that was
    shut was not yet seen open.

    Within the first year errors may be the season's, so the level stays and only the interval learns from them. A
    newest day unlike all older ones is a break in the shop: the level follows it in part, and the interval widens.
    """
    found: dict[str, tuple[float, float]] = {}
    for name, errors in (("orders", orders), ("money", money)):
        off, chance = (np.array([each[i] for each in errors], dtype=np.float64) for i in (0, 1))
        tell = np.array([each[2] if len(each) > 2 else 1.0 for each in errors], dtype=np.float64)
        if _breaks(off, chance):
            shift, variance = (_FOLLOWED * float(off[0]) if a_year_seen else 0.0), (0.5 * float(off[0])) ** 2
        else:
            shift, variance = _shift(off, chance, tell, may_move=a_year_seen)
        if not a_year_seen:
            variance += _unknown_seasons(unseen, told, trust)
        variance += (_REOPENED * reopened) ** 2
        found[name] = shift, float(np.sqrt(variance))
    return Level(
        orders=float(np.exp(found["orders"][0])),
        money=float(np.exp(found["money"][0])),
        orders_doubt=found["orders"][1],
        money_doubt=found["money"][1],
        freedom=_FREEDOM + len(orders),
        broke=_breaks(*(np.array([each[i] for each in orders], dtype=np.float64) for i in (0, 1))),
    )


def _unknown_seasons(unseen: float, told: float, trust: float) -> float:
    """Variance of the log of a total for want of a whole year."""
    known = (1.0 - _TOLD) * trust
    return (_FIRST_YEAR * (1.0 - known)) ** 2 + (_UNSEEN * (unseen - known * told)) ** 2


def _breaks(errors: Floats, chance: Floats) -> bool:
    """Whether the newest error is unlike the older ones."""
    if len(errors) < _FEWEST + 1:
        return False
    older = errors[1:]
    gap = abs(float(errors[0] - np.median(older)))
    return gap > max(_BREAK, _SURE * max(float(np.std(older)), _SHOCK), _SURE * float(np.sqrt(chance[0])))


def _shift(errors: Floats, chance: Floats, tell: Floats, *, may_move: bool) -> tuple[float, float]:
    """Posterior mean of the level in logs, and the variance of one more error around it."""
    heard = errors[tell >= _HEARD]
    agree = may_move and len(heard) >= _FEWEST and bool(np.all(heard > 0) or np.all(heard < 0))
    shift, doubt = 0.0, _NEAR**2
    variance = _variance(errors, chance, shift, tell)
    if not agree:
        return shift, variance + doubt
    for _ in range(_ROUNDS):
        variance = _variance(errors, chance, shift, tell)
        weight = tell / (variance + chance)
        mean, spread = float(weight @ errors / weight.sum()), 1.0 / float(weight.sum())
        prior = np.array([_NEAR**2, _FAR**2])
        belief = np.log([1.0 - _SHARE_FAR, _SHARE_FAR]) - 0.5 * (np.log(prior + spread) + mean**2 / (prior + spread))
        belief = np.exp(belief - belief.max())
        belief /= belief.sum()
        each = mean * prior / (prior + spread)
        moved = float(belief @ each)
        doubt = float(belief @ (prior * spread / (prior + spread) + each**2)) - moved**2
        shift = 0.5 * (shift + moved)
    return shift, variance + doubt


def _variance(errors: Floats, chance: Floats, shift: float, tell: Floats) -> float:
    beyond = float(tell @ np.maximum((errors - shift) ** 2 - chance, 0.0))
    return (_FREEDOM * _SHOCK**2 + beyond) / (_FREEDOM + float(tell.sum()))
