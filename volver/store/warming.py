"""Keeping what a serving process shows in its memory: at its start, and whenever a derived table has other content."""

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from volver.core import log
from volver.store.answers import looked_after
from volver.store.tables import TABLES

if TYPE_CHECKING:
    from volver.store.shop import Shop

LOOK_S: Final = 2.0
MAKING: Final = "answers"  # of several processes one makes what is missing, and the others read it


class Warmer:
    """A thread that calls `makers`, functions of the shop, at once and after each change of a derived table."""

    def __init__(self, shop: "Shop", makers: Sequence[Callable[["Shop"], Any]], look_s: float = LOOK_S) -> None:
        self.shop, self.makers, self.look_s = shop, makers, look_s
        self.ready = threading.Event()  # set while all is made of the newest tables that were seen
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="warmer", daemon=True)

    def start(self) -> None:
        """Begin, in a thread that ends with the process."""
        self._thread.start()

    def stop(self, grace_s: float = 5.0) -> None:
        """Begin nothing new; wait for what runs, so long at most."""
        self._stopping.set()
        self._wake.set()
        self._thread.join(grace_s)

    def _loop(self) -> None:
        seen: list[int] = []
        with looked_after(self.shop, self._wake.set):
            while not self._stopping.is_set():
                self._wake.clear()
                now = self._versions()
                if now != seen:
                    self.ready.clear()
                    self._make()
                    seen = now
                    self.ready.set()
                self._wake.wait(self.look_s)

    def _make(self) -> None:
        with self.shop.locks.held(MAKING):
            for each in self.makers:
                if self._stopping.is_set():
                    return
                try:
                    each(self.shop)
                except Exception as problem:  # noqa: BLE001  what cannot be made ahead is told to who asks for it
                    error = type(problem).__name__
                    log("store").warning("not made ahead", extra={"maker": each.__name__, "error": error})

    def _versions(self) -> list[int]:
        """Of every table that is not a stream of what arrives."""
        return [self.shop.lake.version(name) for name, table in TABLES.items() if not table.partition]
