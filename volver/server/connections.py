"""Connections that are bounded in number, in time and in what they may say before their request is whole.

uvicorn reads headers and bodies as long as somebody sends them. Here a head must be whole within seconds, a body must
come at a least speed, an answer must be taken; and when all places are taken, whoever has waited longest without a
whole request goes first, so that a crowd of half-open connections closes itself and not the console.
"""

import asyncio
import contextlib
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

HEAD_S: Final = 10.0
BODY_S: Final = 20.0  # and a second more for each `BODY_BYTES_PER_S` that came
BODY_BYTES_PER_S: Final = 500
TAKING_S: Final = 30.0
HEAD_BYTES: Final = 64 * 1024
MOST: Final = 1024
_FILES: Final = 16_384  # open files that we ask for
_KEPT: Final = 192  # of them for the shop's own files


class _Part(Enum):
    HEAD = "head"
    BODY = "body"
    WHOLE = "whole"


@dataclass(slots=True)
class Places:
    """Who holds a place: those without a whole request in the order in which they should go."""

    most: int = MOST
    head_s: float = HEAD_S
    body_s: float = BODY_S
    taking_s: float = TAKING_S
    heads: "dict[Patient, None]" = field(default_factory=dict)  # no request yet; oldest first
    bodies: "dict[Patient, None]" = field(default_factory=dict)  # longest without a byte first

    def give(self, held: int) -> bool:
        """Whether one more than `held` may come; makes room where somebody can go."""
        if held < self.most:
            return True
        for waiting in (self.heads, self.bodies):
            if waiting:
                next(iter(waiting)).leave()
                return True
        return False

    def forget(self, one: "Patient") -> None:
        """One has gone, or is served."""
        self.heads.pop(one, None)
        self.bodies.pop(one, None)


class Patient(HttpToolsProtocol):
    """One connection, patient within bounds."""

    places: Places = Places()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a place, or go at once where all are at work."""
        self.part, self.came, self.until = _Part.HEAD, 0, 0.0
        self.bell: asyncio.TimerHandle | None = None
        self.stall: asyncio.TimerHandle | None = None
        has_place = self.places.give(len(self.connections))
        super().connection_made(transport)
        if not has_place:
            self._say(503)
            return
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the place back."""
        self.places.forget(self)
        for timer in (self.bell, self.stall):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes came; more of them than a head may have are not read."""
        if self.transport.is_closing():
            return
        if self.part is _Part.WHOLE and (self.cycle is None or self.cycle.response_complete):
            self._expect_head()
        if self.part is _Part.HEAD:
            self.came += len(data)
        super().data_received(data)
        if self.part is _Part.HEAD and self.came > HEAD_BYTES and not self.transport.is_closing():
            self._say(431)

    def on_headers_complete(self) -> None:
        """The head is whole: the request is served from here on."""
        if self.transport.is_closing():
            return
        if len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers) > HEAD_BYTES:
            self._say(431)
            return
        self.part, self.came = _Part.BODY, 0
        self.places.forget(self)
        self.places.bodies[self] = None
        self._ring_at(self.places.body_s)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of the body came, and earns it more time."""
        if self.transport.is_closing():
            return
        self.came += len(body)
        self.until += len(body) / BODY_BYTES_PER_S
        if self in self.places.bodies:
            self.places.bodies[self] = self.places.bodies.pop(self)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole; what follows is our time, not the sender's."""
        if self.transport.is_closing():
            return
        self.part, self.came, self.until = _Part.WHOLE, 0, 0.0
        self.places.forget(self)
        super().on_message_complete()
        self._rest()

    def on_response_complete(self) -> None:
        """Answered: an idle connection is among the first to go."""
        super().on_response_complete()
        self._rest()

    def pause_writing(self) -> None:
        """The answer is not taken; whoever takes nothing of it for long goes."""
        super().pause_writing()
        if self.stall is None:
            self.stall = self.loop.call_later(self.places.taking_s, self.leave)

    def resume_writing(self) -> None:
        """The answer is taken again."""
        super().resume_writing()
        if self.stall is not None:
            self.stall.cancel()
            self.stall = None
        self._rest()

    def leave(self) -> None:
        """Go at once."""
        self.places.forget(self)
        self.transport.abort()

    def _rest(self) -> None:
        """Stand among those who can go, once the answer is made and taken."""
        is_done = self.part is _Part.WHOLE and self.cycle is not None and self.cycle.response_complete
        if is_done and not self.flow.write_paused and not self.transport.is_closing():
            self.places.heads[self] = None

    def _expect_head(self) -> None:
        self.part, self.came = _Part.HEAD, 0
        self.places.forget(self)
        self.places.heads[self] = None
        self._ring_at(self.places.head_s)

    def _ring_at(self, within_s: float) -> None:
        self.until = self.loop.time() + within_s
        if self.bell is not None and self.bell.when() > self.until:
            self.bell.cancel()
            self.bell = None
        if self.bell is None:
            self.bell = self.loop.call_at(self.until, self._ring)

    def _ring(self) -> None:
        """Time is up, unless the part that it was set for is done or has earned more."""
        self.bell = None
        if self.part is _Part.WHOLE or self.transport.is_closing():
            return
        if self.part is _Part.BODY and self.flow.read_paused:
            self.until = max(
                self.until, self.loop.time() + self.places.body_s
            )  # we do not read; that is not their doing
        if self.loop.time() < self.until - 0.001:
            self.bell = self.loop.call_at(self.until, self._ring)
            return
        self._say(408)

    def _say(self, status: int) -> None:
        """A last word where an answer has not begun, then close; who does not take it is cut off."""
        if self.transport.is_closing():
            return
        if self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete:
            self.leave()
            return
        self.places.forget(self)
        self.transport.write(STATUS_LINE[status] + b"content-length: 0\r\nconnection: close\r\n\r\n")
        self.transport.close()
        if self.stall is None:
            self.stall = self.loop.call_later(self.places.taking_s, self.transport.abort)


def patient(places: Places) -> type[Patient]:
    """The protocol of one server, with its own places."""
    return type("PatientHere", (Patient,), {"places": places})


def places_here() -> Places:
    """As many places as this machine lets us have; asks it for more open files first."""
    open_files: Any = None
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        open_files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        if open_files == resource.RLIM_INFINITY:
            open_files = None
    return Places(most=MOST if open_files is None else max(16, min(MOST, open_files - _KEPT)))
