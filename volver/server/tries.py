"""Counting tries before they are looked at. The only writer of the state's table `login_tries`.

One guarded statement counts a try or refuses it, so tries that come at once cannot pass together, in one process or in
several. A row holds when its tries are all forgotten (the theoretical arrival time of GCRA, ITU-T I.371); what is past
is as good as no row, and is deleted. Nothing is locked: a place comes free every `every_us`, and what a wrong clock
wrote into a far future does not count.
"""

from dataclasses import dataclass
from typing import Final

from volver.server.accounts import digest
from volver.store import State

WINDOW_US: Final = 300_000_000

_CLAIM: Final = """
insert into login_tries (key_hash, clear_us) values (:key, :first)
on conflict (key_hash) do update
set clear_us =
  case when login_tries.clear_us between :now and :latest then login_tries.clear_us else :now end + :every
where login_tries.clear_us not between :latest + 1 and :absurd
returning clear_us
"""
_CLEAR: Final = "select clear_us from login_tries where key_hash = :key"
_GIVE_BACK: Final = "update login_tries set clear_us = clear_us - :every where key_hash = :key"
_FORGET: Final = "delete from login_tries where clear_us <= :now"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How many tries at once, and how long until one more: `at_once + WINDOW_US / every_us` in any window at most."""

    at_once: int
    every_us: int


STRANGERS: Final = Pace(at_once=4, every_us=50_000_000)  # at most ten in five minutes
DEVICE: Final = Pace(at_once=5, every_us=60_000_000)  # likewise


def claim(state: State, key: str, pace: Pace, now: int) -> int:
    """Count a try; 0 when it may be looked at, else the microseconds until one may."""
    hashed, every = digest(key), pace.every_us
    latest = now + (pace.at_once - 1) * every
    with state.quick_begin() as run:
        run(_FORGET, now=now)
        if run(_CLAIM, key=hashed, first=now + every, now=now, every=every, latest=latest, absurd=latest + WINDOW_US):
            return 0
        return max(1, int(run(_CLEAR, key=hashed)[0][0]) - latest)


def give_back(state: State, key: str, pace: Pace) -> None:
    """A try that was right does not count."""
    with state.quick_begin() as run:
        run(_GIVE_BACK, key=digest(key), every=pace.every_us)
