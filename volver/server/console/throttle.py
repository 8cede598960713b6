"""Slowing those who guess passwords, without locking anybody out.

Strangers share a pace for each account: a few tries at once, then one every fifty seconds, whatever the address that
they come from. Who has hardly tried yet waits for a turn and goes before those who try again and again; they are told
how long to wait. A device from which the account came in before has a pace of its own, so guesses elsewhere do not
touch it. Every try is counted before its password is looked at, and only one password of strangers and one of known
devices is hashed at a time: a hash takes 64 MiB.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from typing import Final, TypeVar

from anyio import CapacityLimiter, to_thread

from volver.core import clock
from volver.server.accounts import check_password
from volver.server.devices import known_device
from volver.server.patience import Patience
from volver.server.tries import DEVICE, STRANGERS, Pace, claim, give_back
from volver.store import Shop

_FRESH: Final = 3  # tries of an address after which it is told to wait, not let wait
_TURN_S: Final = 55.0  # a little longer than until the next try of an account; proxies give up after sixty
_WAITING_EACH: Final = 8
_WAITING_ALL: Final = 64
_SEATS: Final = 12  # passwords that are hashed or wait to be
_SEATS_EACH: Final = 2  # of them from one address
_FULL_US: Final = 5_000_000
_PAUSE_S: Final = 1.0

IsGone = Callable[[], Awaitable[bool]]
Look = Callable[[], Awaitable[int | None]]
T = TypeVar("T")


class MustWait(Exception):
    """A try that was not looked at."""

    def __init__(self, wait_us: int) -> None:
        super().__init__()
        self.seconds = max(1, ceil(wait_us / 1_000_000))


@dataclass(slots=True, eq=False)
class _Turn:
    """Somebody who waits: those with the fewest tries go first, of them the newest."""

    tries: int
    number: int


class _Seats:
    """Who hashes, or waits for it."""

    def __init__(self) -> None:
        self.limiter = CapacityLimiter(1)
        self._taken: list[str] = []

    @contextmanager
    def taken_by(self, address: str) -> Iterator[None]:
        """Hold a seat. Raises `MustWait`."""
        if len(self._taken) >= _SEATS or self._taken.count(address) >= _SEATS_EACH:
            raise MustWait(_FULL_US)
        self._taken.append(address)
        try:
            yield
        finally:
            self._taken.remove(address)


class Throttle:
    """Looks at the passwords of one shop, as many as may be looked at."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._tries = Patience(most=_FRESH + 1)
        self._lines: dict[str, list[_Turn]] = {}
        self._strangers, self._devices = _Seats(), _Seats()
        self._counting = CapacityLimiter(4)  # threads of our own, however busy those of the pages are
        self._number = 0

    async def check(self, email: str, password: str, address: str, device: str, is_gone: IsGone) -> int | None:
        """The account's id when the password is right, None when it is wrong. Raises `MustWait`."""
        name = await self._run(known_device, self._shop, device, email) if device else None
        if name is not None:
            return await self._look(email, password, address, f"device {name}", DEVICE, self._devices)

        async def look() -> int | None:
            return await self._look(email, password, address, f"name {email}", STRANGERS, self._strangers)

        tries = self._tries.failed(address)
        try:
            return await look()
        except MustWait:
            if tries > _FRESH or sum(map(len, self._lines.values())) >= _WAITING_ALL:
                raise
        return await self._wait(email, tries, look, is_gone)

    async def _look(self, email: str, password: str, address: str, key: str, pace: Pace, seats: _Seats) -> int | None:
        """Count the try, then look at the password."""
        with seats.taken_by(address):
            wait_us = await self._run(claim, self._shop.state, key, pace, clock.now_us())
            if wait_us:
                raise MustWait(wait_us)
            found = await to_thread.run_sync(check_password, self._shop, email, password, limiter=seats.limiter)
            if found is not None:
                await self._run(give_back, self._shop.state, key, pace)
            return found

    async def _wait(self, email: str, tries: int, look: Look, is_gone: IsGone) -> int | None:
        """Wait for a turn, then look."""
        self._number += 1
        mine, line = _Turn(tries, self._number), self._lines.setdefault(email, [])
        line.append(mine)
        line.sort(key=lambda each: (each.tries, -each.number))
        del line[_WAITING_EACH:]
        left = MustWait(STRANGERS.every_us)
        end = asyncio.get_running_loop().time() + _TURN_S
        try:
            while mine in line and asyncio.get_running_loop().time() < end and not await is_gone():
                if line[0] is mine:
                    try:
                        return await look()
                    except MustWait as problem:
                        left = problem
                await asyncio.sleep(min(_PAUSE_S, left.seconds))
            raise left
        finally:
            if mine in line:
                line.remove(mine)
            if not line and self._lines.get(email) is line:
                del self._lines[email]

    async def _run(self, work: Callable[..., T], *given: object) -> T:
        return await to_thread.run_sync(work, *given, limiter=self._counting)
