"""The best hour and weekday to reach a person, from the times of their orders and visits; silence where none is known.

A person's shares of the hours (and of the weekdays) are the shop's profile for those without a habit, and a Dirichlet
draw around it for those with one. How many have a habit and how strong habits are is learned from all customers by the
Dirichlet-multinomial likelihood (Minka 2000, eq. 1 and 2, with the mixture's weight by expectation maximisation:
Dempster, Laird and Rubin 1977), so that nobody's few clicks at an odd hour pass for a habit. Pure numerics, local time.
"""

from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from volver.core import Words
from volver.predict.numerics.arrays import Codes, Floats, Ints, Labels
from volver.predict.numerics.frames import eager
from volver.predict.numerics.params import Params

HOURS: Final = 24
WEEKDAYS: Final = 7
LEAST_EVENTS: Final = 5
SURE: Final = 0.8
_STRENGTHS: Final = np.exp(np.linspace(np.log(0.5), np.log(200.0), 25))
_ROUNDS: Final = 60
_SOME: Final = 50_000  # customers from whom strength is learned, at most
_HEAVY: Final = 100.0  # events of one person that count in the shop's profile, at most
_NEIGHBOURS: Final = (0.25, 0.5, 0.25)  # an event tells of its hour and half as much of each next one


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When to reach a person. An hour or weekday of None: they do as the shop's customers do, or too little is known.

    `hour` begins the hour (0–23, local), `weekday` counts from Monday 0. `*_share` is the person's share of events
    around it, `shop_*_share` the shop's, `p_*` the chance that the person's is greater. `shop_hour` and `shop_weekday`
    are what to use then.
    """

    n_events: int
    hour: int | None
    hour_share: float | None
    shop_hour_share: float | None
    p_hour: float | None
    weekday: int | None
    weekday_share: float | None
    shop_weekday_share: float | None
    p_weekday: float | None
    shop_hour: int
    shop_weekday: int

    @property
    def known(self) -> bool:
        """Whether anything is known of this person."""
        return self.hour is not None or self.weekday is not None

    @property
    def lift(self) -> float | None:
        """How much likelier than others they are met at this moment; None where nothing is known."""
        if not self.known:
            return None
        found = 1.0
        for own, shop in ((self.hour_share, self.shop_hour_share), (self.weekday_share, self.shop_weekday_share)):
            found *= own / shop if own is not None and shop is not None else 1.0
        return found

    @property
    def words(self) -> Words:
        """The answer as a sentence."""
        return self.said(self.hour, self.weekday, self.n_events, self.shop_hour)

    @staticmethod
    def said_of_all(hour: int | None, weekday: int) -> Words:
        """The shop's best moment as a sentence."""
        if hour is None:
            return Words("most customers come on {day}", {"day": _DAYS[weekday]})
        return Words("most customers come on {day} and around {hour}:00", {"day": _DAYS[weekday], "hour": hour})

    @staticmethod
    def said(hour: int | None, weekday: int | None, n_events: int, shop_hour: int | None) -> Words:
        """A moment as a sentence; `shop_hour` None: no times are known of anybody."""
        if hour is None and weekday is None:
            if shop_hour is None:
                return Words("nothing is known of this person")
            hours = {"hour": shop_hour}
            return Words("nothing is known of this person; most customers come around {hour}:00", hours)
        if weekday is None:
            return Words("mostly around {hour}:00, from {n} events", {"hour": hour, "n": n_events})
        facts = {"day": _DAYS[weekday], "n": n_events}
        if hour is None:
            return Words("mostly on {day}, from {n} events", facts)
        return Words("mostly on {day} around {hour}:00, from {n} events", facts | {"hour": hour})


_DAYS: Final = (
    Words("Mondays"),
    Words("Tuesdays"),
    Words("Wednesdays"),
    Words("Thursdays"),
    Words("Fridays"),
    Words("Saturdays"),
    Words("Sundays"),
)


@dataclass(frozen=True)
class Found:
    """The answers about many persons, as columns; -1 and NaN where nothing is known."""

    best: Ints
    share: Floats
    shop_share: Floats
    p: Floats


@dataclass(frozen=True)
class Habit:
    """How persons' shares of some slots (hours, weekdays) lie around the shop's profile.

    `habitual` is the share of persons with a habit; theirs are Dirichlet with parameters strength * profile. `reach`
    slots on either side count as the same moment.
    """

    profile: Floats
    strength: float
    habitual: float
    reach: int

    def answers(self, counts: Any) -> Found:
        """The best slot of each row of counts (n_persons, n_slots), where it is known well enough."""
        counts = np.asarray(counts, dtype=np.float64)
        alpha = counts + self.strength * self.profile
        total = alpha.sum(axis=1)
        weight = self.p_habitual(counts)
        near, shop = around(alpha, self.reach), around(self.profile[None, :], self.reach)[0]
        soft = _smooth(alpha) if self.reach else alpha
        best = np.argmax(soft, axis=1)
        rows = np.arange(len(counts))
        own, theirs = near[rows, best], shop[best]
        p = weight * _beats(own, total - own, theirs)
        share = weight * own / total + (1.0 - weight) * theirs
        known = (p >= SURE) & (counts.sum(axis=1) >= LEAST_EVENTS)
        return Found(
            best=np.where(known, best, -1),
            share=np.where(known, share, np.nan),
            shop_share=np.where(known, theirs, np.nan),
            p=np.where(known, p, np.nan),
        )

    def p_habitual(self, counts: Any) -> Floats:
        """The chance that each person has a habit."""
        from volver.predict.numerics.regression import chance

        if self.habitual <= 0:
            return np.zeros(len(counts))
        if self.habitual >= 1:
            return np.ones(len(counts))
        evidence = _evidence(np.asarray(counts, dtype=np.float64), self.profile, self.strength)
        return chance(evidence + np.log(self.habitual / (1.0 - self.habitual)))


class Moments(Params):
    """The best moment of every person. `fit` on local times, `moment` of one user, `answers` of all.

    `seed` picks the persons from whom habits are learned where there are more than 50,000.
    """

    def __init__(self, *, seed: int = 0) -> None:
        self.seed = seed

    def fit(self, events: Any, y: None = None) -> Self:  # noqa: ARG002
        """Learn from a frame with columns user and time: datetimes in the shop's zone, without a zone.

        A time with a zone is refused: turn it into the shop's first.
        """
        users, hours, days = events_by_slot(events)
        return self.fit_counts(users, hours, days)

    def fit_counts(self, users: Labels, hours: Any, days: Any) -> Self:
        """Learn from counts by hour (n_users, 24) and by weekday (n_users, 7)."""
        self.users_, self.hours_, self.days_ = users, np.asarray(hours), np.asarray(days)
        self.hour_ = habit_of(self.hours_, reach=1, seed=self.seed)
        self.weekday_ = habit_of(self.days_, reach=0, seed=self.seed)
        return self

    def answers(self) -> tuple[Found, Found]:
        """Best hour and weekday of every user, in the order of `users_`."""
        return self.hour_.answers(self.hours_), self.weekday_.answers(self.days_)

    def moment(self, user: Any) -> Moment:
        """When to reach one user; a user that never was seen is one of whom nothing is known."""
        place = np.flatnonzero(self.users_ == user)
        row = slice(int(place[0]), int(place[0]) + 1) if len(place) else slice(0, 0)
        hour, day = self.hour_.answers(self.hours_[row]), self.weekday_.answers(self.days_[row])
        return self.told(hour, day, 0 if len(place) else None, int(self.days_[row].sum()))

    def told(self, hour: Found, day: Found, row: int | None, n_events: int) -> Moment:
        """One row of answers as a value."""
        at, on = _row(hour, row), _row(day, row)
        return Moment(
            n_events=n_events,
            hour=at[0],
            hour_share=at[1],
            shop_hour_share=at[2],
            p_hour=at[3],
            weekday=on[0],
            weekday_share=on[1],
            shop_weekday_share=on[2],
            p_weekday=on[3],
            shop_hour=int(np.argmax(self.hour_.profile)),
            shop_weekday=int(np.argmax(self.weekday_.profile)),
        )


def habit_of(counts: Any, *, reach: int, seed: int = 0) -> Habit:
    """Learn the profile, how many have a habit and how strong it is, from counts (n_persons, n_slots)."""
    counts = np.asarray(counts, dtype=np.float64)
    n_slots = counts.shape[1]
    heavy = np.minimum(1.0, _HEAVY / np.maximum(counts.sum(axis=1), 1.0))  # nobody is the shop
    profile = heavy @ counts + 1.0
    profile = _smooth(profile[None, :])[0] if reach else profile
    profile = profile / profile.sum()
    telling = counts[counts.sum(axis=1) >= 2]
    if len(telling) > _SOME:
        telling = telling[np.random.default_rng(seed).choice(len(telling), _SOME, replace=False)]
    best = (0.0, float(n_slots), 0.0)  # gained log-likelihood, strength, share with a habit
    for strength in _STRENGTHS.tolist():
        evidence = _evidence(telling, profile, strength)
        habitual = _share(evidence)
        gained = float(np.sum(np.logaddexp(np.log1p(-habitual), np.log(habitual) + evidence))) if habitual > 0 else 0.0
        if gained > best[0] + 1e-9:
            best = (gained, strength, habitual)
    return Habit(profile=profile, strength=best[1], habitual=best[2] if best[0] > 2.0 else 0.0, reach=reach)


def events_by_slot(events: Any) -> tuple[Labels, Ints, Ints]:
    """Each user's events by hour of the day and by weekday, from a frame user, time."""
    import narwhals as nw

    from volver.predict.when.purchases import BadInteractions, coded

    rows = eager(events, BadInteractions)
    column = rows["time"]
    if not isinstance(column.dtype, nw.Datetime) or column.dtype.time_zone is not None:
        raise BadInteractions(why="a moment needs datetimes in the shop's zone, told without a zone")
    minutes = np.asarray(column.to_numpy()).astype("datetime64[h]").astype(np.int64)
    users, user = coded(rows["user"])
    return users, *by_slot(user, minutes, len(users))


def by_slot(user: Codes, hours: Ints, n_users: int, weight: Any = None) -> tuple[Ints, Ints]:
    """Counts by hour and by weekday of each user, from local hours since 1970-01-01 (a Thursday)."""
    hour = np.bincount(user * np.int64(HOURS) + hours % HOURS, weights=weight, minlength=n_users * HOURS)
    weekday = (hours // HOURS + 3) % WEEKDAYS
    day = np.bincount(user * np.int64(WEEKDAYS) + weekday, weights=weight, minlength=n_users * WEEKDAYS)
    return hour.reshape(n_users, HOURS).astype(np.int64), day.reshape(n_users, WEEKDAYS).astype(np.int64)


def around(shares: Floats, reach: int) -> Floats:
    """The sum of each slot and of `reach` on either side, around the circle."""
    found = shares.copy()
    for step in range(1, reach + 1):
        found += np.roll(shares, step, axis=1) + np.roll(shares, -step, axis=1)
    return found


def _smooth(counts: Floats) -> Floats:
    left, middle, right = _NEIGHBOURS
    found: Floats = middle * counts + left * np.roll(counts, 1, axis=1) + right * np.roll(counts, -1, axis=1)
    return found


def _evidence(counts: Floats, profile: Floats, strength: float) -> Floats:
    """Log-likelihood of each person's counts with a habit, less that without one."""
    from scipy.special import gammaln

    alpha = strength * profile
    place = np.nonzero(counts)
    seen: Floats = counts[place]
    gain = gammaln(alpha[place[1]] + seen) - gammaln(alpha[place[1]]) - seen * np.log(profile[place[1]])
    total = counts.sum(axis=1)
    found = np.bincount(place[0], weights=gain, minlength=len(counts)).astype(np.float64)
    whole: Floats = found + gammaln(strength) - gammaln(strength + total)
    return whole


def _share(evidence: Floats) -> float:
    """The share with a habit that makes all the evidence likeliest."""
    from volver.predict.numerics.regression import chance

    if not len(evidence):
        return 0.0
    share = 0.5
    for _ in range(_ROUNDS):
        share = float(np.mean(chance(evidence + np.log(share / (1.0 - share)))))
        if not 1e-4 < share < 1.0 - 1e-4:
            return 0.0 if share < 0.5 else 1.0 - 1e-4
    return share


def _beats(own: Floats, rest: Floats, shop: Floats) -> Floats:
    """Chance that a Beta(own, rest) share is greater than the shop's."""
    from scipy.special import betainc

    found: Floats = 1.0 - betainc(np.maximum(own, 1e-9), np.maximum(rest, 1e-9), np.clip(shop, 0.0, 1.0))
    return found


def _row(found: Found, row: int | None) -> tuple[int | None, float | None, float | None, float | None]:
    if row is None or found.best[row] < 0:
        return None, None, None, None
    return int(found.best[row]), float(found.share[row]), float(found.shop_share[row]), float(found.p[row])
