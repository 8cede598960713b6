"""A part of the past held back, strictly inside the training data, to try sources on.

Sessions: the latest tenth of them. People: what came after an instant; the last visit of others; and where there are
ratings, whose tests are often drawn from all times, a random fifth of the events of others still. People who come back
for what they had are asked only for what comes next. Without a clock: a whole basket of each user, or without baskets
a random fifth of the rows; what the user had in other rows too is a repeat.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from volver.core import VolverError, Words
from volver.predict.numerics.arrays import Bools, Codes, Ints
from volver.predict.recommend.interactions import Interactions
from volver.predict.recommend.visits import Visits, latest

USERS: Final = 4_000  # users that are tried
_ROWS: Final = 400_000  # rows that a trial learns from
_FEW: Final = 30  # users below which nothing can be told
_FULL: Final = 200  # users after the cut that make it count fully
_SHORT_DAYS: Final = 0.5  # users who are gone after that are sessions
_AHEAD: Final = 10  # events after the cut that count, where visits are single items
_TARGETS: Final = 8  # of a user
_ALL: Final = 32_000  # of all users, where some are asked for anything: such tests have many targets
_RANDOM: Final = 0.2
_ASIDE: Final = 4  # one user in so many is asked for random events: many targets each, so fewer users tell as much
_ONCE: Final = 0.05  # share of rows that repeat an earlier one, below which nobody comes back for the same
AHEADS: Final = ("auto", "next", "any", "both")
LATE, CUT, LAST, DRAWN = 0, 1, 2, 3
HOW: Final = (
    Words("late sessions, cut anywhere"),
    Words("after an instant"),
    Words("last visits"),
    Words("drawn at random"),
)


class NoSuchAhead(VolverError):
    """A question to be ready for that does not exist."""

    code = "predict.no_such_ahead"
    says = "Nothing is known to be ahead that is called {ahead}."
    hint = "Take one of: auto, next, any, both."


@dataclass(frozen=True, eq=False)
class HeldBack:
    """What is learned from, whose future is asked for, and what it was.

    `train` are rows, `past` the histories of the users asked about; `target` (codes) with `start` (n_users + 1,) the
    distinct items they turned to next; `group` how each user's future was held back (a place in `HOW`), `shares` what
    groups count, those of one key together. `repeats` is the share of targets that the user had before.
    """

    train: Interactions
    past: Visits
    start: Ints
    target: Codes
    repeats: float
    group: Ints
    shares: dict[tuple[int, ...], float]

    def __len__(self) -> int:
        return len(self.past)

    @property
    def how(self) -> tuple[Words, ...]:
        """In words."""
        return tuple(
            Words("{n} users: {how}", {"n": int(np.count_nonzero(self.group == g)), "how": HOW[g]}) for g in self.groups
        )

    @property
    def groups(self) -> list[int]:
        """The groups that are there."""
        return [int(g) for g in np.unique(self.group)]


def of_new_items(trial: HeldBack) -> HeldBack | None:
    """The same trial, asked only for what each user had not had; None if fewer than 30 users turned to such items."""
    user = np.repeat(np.arange(len(trial)), np.diff(trial.start))
    key = user * trial.past.n_items + trial.target
    new = ~np.isin(key, trial.past.user.astype(np.int64) * trial.past.n_items + trial.past.item)
    wanted = Visits(trial.past.n_items, trial.start, trial.target, np.zeros(len(key), dtype=np.int64), None)
    return _asked(trial.train, trial.past, wanted.chosen(new), trial.group, trial.shares)


def held_back(rows: Interactions, seed: int = 0, ahead: str = "auto") -> HeldBack | None:
    """Hold back a part of the past; None if fewer than 30 users leave something to hold back.

    `ahead`: "next" asks people with a clock only for what came next, "any" only for random events, "both" some for
    either; "auto" is both where there are ratings, else next.
    """
    chance = np.random.default_rng(seed)
    if len(rows) > _ROWS:
        share = _ROWS / len(rows)
        rows = rows.rows((chance.random(rows.n_users) < share)[rows.user])
    histories = Visits.of(rows)
    if are_sessions(histories, rows.clock):
        return _of_late_sessions(rows, histories, chance)
    return _of_people(rows, chance, ahead)


def are_sessions(histories: Visits, clock: str | None) -> bool:
    """Whether a user is gone within hours: an identifier of a session, not of a person."""
    if clock != "days" or histories.at is None:
        return False
    there = np.flatnonzero(np.diff(histories.start) > 1)
    if not len(there):
        return False
    span = histories.at[histories.start[there + 1] - 1] - histories.at[histories.start[there]]
    length = np.diff(histories.start)[there]
    return bool(np.median(span) < _SHORT_DAYS and np.quantile(span, 0.95) < 2 and np.median(length) <= 15)


def _of_late_sessions(rows: Interactions, histories: Visits, chance: np.random.Generator) -> HeldBack | None:
    """The latest tenth of the sessions, each cut at a place drawn at random."""
    assert histories.at is not None
    size = np.diff(histories.start)
    last = np.full(len(size), -np.inf)
    last[size > 0] = histories.at[histories.start[1:][size > 0] - 1]
    late = last >= np.quantile(last[size > 0], 0.9)
    train = rows.rows(~late[rows.user])
    users = _drawn(np.flatnonzero(late & (size > 1)), chance)
    some = histories.of_users(users)
    keep = np.floor(chance.random(len(users)) * (np.diff(some.start) - 1)).astype(np.int64) + 1
    place = np.arange(len(some.item)) - some.start[:-1][some.user]
    known = np.bincount(train.item, minlength=rows.n_items) > 0
    before, after = place < keep[some.user], (place == keep[some.user]) & known[some.item]
    return _asked(train, some.chosen(before), some.chosen(after), np.full(len(users), LATE), {(LATE,): 1.0})


def _of_people(rows: Interactions, chance: np.random.Generator, ahead: str) -> HeldBack | None:
    """Users after a cut in time, other users' last visits, and other users' random items; learned from what is left."""
    if ahead == "auto":
        ahead = "both" if rows.has_ratings else "next"
    train, wanted, group = rows, [], np.full(rows.n_users, -1)
    if rows.clock == "days" and ahead != "any":
        assert rows.at is not None
        early = rows.at <= np.quantile(rows.at, 0.9)
        both = np.zeros((2, rows.n_users), dtype=bool)
        both[early.astype(int), rows.user] = True
        users = _drawn(np.flatnonzero(both.all(axis=0)), chance)
        if len(users) >= _FEW:
            train, later = rows.rows(early), _only(Visits.of(rows.rows(~early)), users)
            first = later.visit[np.minimum(later.start[:-1], max(len(later.visit) - 1, 0))]
            single = len(later.item) < 1.5 * len(np.unique(later.visit))
            wanted.append(later.chosen(later.visit - first[later.user] < (_AHEAD if single else 1)))
            group[users] = CUT
    histories = Visits.of(train)
    n_visits = _visits(histories)
    unordered = rows.clock is None and np.count_nonzero(n_visits > 1) < _FEW
    rest = np.flatnonzero((group < 0) & ((np.diff(histories.start) if unordered else n_visits) > 1))
    rest = _drawn(rest, chance)
    group[rest] = DRAWN if unordered else LAST
    if rows.clock is not None and ahead == "any":
        group[rest] = DRAWN
    elif rows.clock is not None and ahead == "both" and _once(rows):
        few = max(len(rest) // _ASIDE, min(2 * _FEW, len(rest) // 2))
        group[chance.permutation(rest)[:few]] = DRAWN
    of = group[histories.user]
    after = ((of == LAST) & (histories.back == 0)) | ((of == DRAWN) & _some(histories, chance))
    wanted.append(histories.chosen(after))
    train = _without(train, histories, after)
    return _of_groups(train, wanted, group)


def _of_groups(train: Interactions, wanted: list[Visits], group: Ints) -> HeldBack | None:
    users = np.flatnonzero(group >= 0)
    item, user = (np.concatenate([getattr(part, name) for part in wanted]) for name in ("item", "user"))
    order = np.argsort(user, kind="stable")
    start = np.searchsorted(user[order], np.arange(len(group) + 1))
    asked = Visits(train.n_items, start, item[order], np.zeros(len(item), dtype=np.int64), None)
    two = bool((group == DRAWN).any() and (group == LAST).any())  # ways in which a test may be drawn
    cut = min(np.count_nonzero(group == CUT) / _FULL, 1.0)
    shares: dict[tuple[int, ...], float] = {(CUT,): cut, (LAST,): 1.0, (DRAWN,): 1.0}
    if two:
        shares = {(CUT, LAST): 1.0, (DRAWN,): 1.0}
    past = Visits.of(train)
    return _asked(train, past.of_users(users), asked.of_users(users), group[users], shares)


def _once(rows: Interactions) -> bool:
    pairs = np.unique(rows.user.astype(np.int64) * rows.n_items + rows.item)
    return len(rows) - len(pairs) < _ONCE * len(rows)


def _visits(histories: Visits) -> Ints:
    new = np.append(True, np.diff(histories.visit) > 0) if len(histories.visit) else np.empty(0, dtype=bool)
    return np.bincount(histories.user[new], minlength=len(histories))


def _only(histories: Visits, users: Ints) -> Visits:
    mask = np.zeros(len(histories), dtype=bool)
    mask[users] = True
    return histories.chosen(mask[histories.user])


def _some(histories: Visits, chance: np.random.Generator) -> Bools:
    """A random fifth of the events of each user, at least one and never all."""
    size = np.diff(histories.start)
    order = np.lexsort((chance.random(len(histories.item)), histories.user))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order)) - histories.start[:-1][histories.user]
    least = np.minimum(np.maximum(np.rint(size * _RANDOM), 1), np.maximum(size - 1, 0))
    drawn: Bools = place < least[histories.user]
    return drawn


def _without(rows: Interactions, histories: Visits, after: Bools) -> Interactions:
    """Rows less the events that are asked about, and less every other row of the same user and item then or later.

    Without a clock nothing is later: the other rows of the pair stay, for they tell that the user comes back to it.
    """
    if rows.at is None or histories.at is None:
        held = np.zeros(len(rows), dtype=bool)
        held[latest(rows)[0][after]] = True
        return rows.rows(~held)
    key = histories.user[after].astype(np.int64) * rows.n_items + histories.item[after]
    own = rows.user.astype(np.int64) * rows.n_items + rows.item
    distinct, place = np.unique(key, return_inverse=True)
    since = np.full(len(distinct), np.inf)
    np.minimum.at(since, place, histories.at[after])
    at = np.minimum(np.searchsorted(distinct, own), max(len(distinct) - 1, 0))
    gone = (distinct[at] == own) & (rows.at >= since[at]) if len(distinct) else np.zeros(len(own), dtype=bool)
    return rows.rows(~gone)


def _drawn(users: Ints, chance: np.random.Generator) -> Ints:
    return users if len(users) <= USERS else np.sort(chance.choice(users, USERS, replace=False))


def _few_each(key: Ints, n_items: int, most: int) -> Ints:
    """At most so many targets of each user, spread over the codes: enough to compare blends, and bounded work."""
    user = key // n_items
    first = np.searchsorted(user, user)
    size = np.searchsorted(user, user, side="right") - first
    place = np.arange(len(key)) - first
    few: Ints = key[(size <= most) | ((place * most) // size != ((place - 1) * most) // size)]
    return few


def _asked(
    train: Interactions,
    past: Visits,
    wanted: Visits,
    group: Ints,
    shares: dict[tuple[int, ...], float],
) -> HeldBack | None:
    """Only users with something to be found; groups that are too small to tell anything are left out."""
    key = np.unique(wanted.user.astype(np.int64) * wanted.n_items + wanted.item)
    asked = np.unique(key // wanted.n_items)
    counted = np.bincount(group[asked], minlength=len(HOW))
    asked = asked[counted[group[asked]] >= _FEW]
    if not len(asked) or not len(train):
        return None
    most = max(_TARGETS, _ALL // len(asked)) if (group[asked] == DRAWN).any() else _TARGETS
    key = _few_each(key[np.isin(key // wanted.n_items, asked)], wanted.n_items, most)
    had = np.isin(key, past.user.astype(np.int64) * past.n_items + past.item)
    start = np.append(0, np.cumsum(np.bincount(key // wanted.n_items, minlength=len(wanted))[asked]))
    target = (key % wanted.n_items).astype(np.int32)
    own = {way: share for way, share in shares.items() if counted[list(way)].max() >= _FEW}
    whole = sum(own.values())
    shared = {way: share / whole for way, share in own.items()}
    return HeldBack(train, past.of_users(asked), start, target, float(had.mean()), group[asked], shared)
