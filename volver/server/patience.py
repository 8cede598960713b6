"""Slowing those who guess."""

from collections import deque
from collections.abc import Callable

from volver.core import clock


class Patience:
    """Remembers failures: up to `most` per key within `within_us`, in this process."""

    def __init__(self, most: int = 10, within_us: int = 300_000_000, now: Callable[[], int] = clock.now_us) -> None:
        self._most, self._within_us, self._now = most, within_us, now
        self._failures: dict[str, deque[int]] = {}

    def is_over(self, key: str) -> bool:
        """Whether this key has failed as often as it may."""
        failed, now = self._failures.get(key, deque()), self._now()
        while failed and now - failed[0] > self._within_us:
            failed.popleft()
        return len(failed) >= self._most

    def failed(self, key: str) -> int:
        """Remember a failure; how many there are now, up to `most`. The oldest keys are forgotten first."""
        self.is_over(key)
        failed = self._failures.setdefault(key, deque(maxlen=self._most))
        failed.append(self._now())
        while len(self._failures) > 10_000:
            self._failures.pop(next(iter(self._failures)))
        return len(failed)
