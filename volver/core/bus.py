"""News that travels up the river: a room says what happened, `app` decides who hears it.

In process and synchronous; a listener that fails does not stop the others or the speaker.
"""

from collections.abc import Callable
from typing import Any

from volver.core.logs import log

Listener = Callable[[Any], None]


class Bus:
    """Listeners by the type of news they wait for."""

    def __init__(self) -> None:
        self._listeners: dict[type, list[Listener]] = {}

    def listen(self, kind: type, listener: Listener) -> None:
        """Call `listener` with every later news of exactly this type."""
        self._listeners.setdefault(kind, []).append(listener)

    def say(self, news: object) -> int:
        """Tell every listener; the number that heard it without failing."""
        heard = 0
        for listener in self._listeners.get(type(news), []):
            try:
                listener(news)
                heard += 1
            except Exception as problem:  # noqa: BLE001 - a listener's fault must not become the speaker's
                facts = {"news": type(news).__name__, "error": type(problem).__name__}
                log("bus").error("listener failed", extra=facts)
        return heard
