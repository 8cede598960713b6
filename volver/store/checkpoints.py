"""Projections: readers of the log, each with a checkpoint in the state that says how far it has come.

A projection gets entries of its kinds in order, at least once: it takes them, then its checkpoint moves. A crash in
between means that it takes them again, which must change nothing. One process at a time reads for a projection. What
one process has to tell another is an entry of the log and a projection that waits for its kind.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from volver.core import VolverError, clock
from volver.core.room import Job, Projection, found
from volver.store.jobs import Jobs

if TYPE_CHECKING:
    from volver.store.log import LogEntry
    from volver.store.shop import Shop
    from volver.store.state import Run

Take = Callable[["Shop", Sequence["LogEntry"]], None]


class NoSuchProjection(VolverError):
    """A projection that no room brings."""

    code = "store.no_such_projection"
    says = "There is no projection called {name}."
    hint = "There are: {known}."
    status = 404


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """How far a projection is behind the log: in offsets, and the seconds that its first entry not taken has waited.

    `problem` is what stopped it last; empty while it goes.
    """

    projection: str
    offset: int
    entries: int
    seconds: float
    problem: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


def checkpoint(shop: "Shop", name: str) -> int:
    """The offset up to which a projection has taken the log; 0 before the first."""
    found_ = shop.state.quick_read('select "offset" from checkpoints where projection = :name', name=name)
    return int(found_[0][0]) if found_ else 0


def catch_up(
    shop: "Shop",
    projection: Projection,
    then: Sequence[Job] = (),
    is_stopped: Callable[[], bool] = lambda: False,
) -> int | None:
    """Let a projection take what has come since its checkpoint; how many entries, None while another process does.

    `then` is written down as due together with the checkpoint, if there was anything to take. What `take` raises
    leaves the checkpoint where it was.
    """
    if checkpoint(shop, projection.name) >= shop.log.last():
        return 0
    with shop.locks.tried(_lock(projection.name)) as had:
        return _caught_up(shop, projection, then, is_stopped) if had else None


def replay(shop: "Shop", projection: Projection, then: Sequence[Job] = ()) -> int:
    """Let a projection take the whole log again, from its first entry; how many entries it took."""
    with shop.locks.held(_lock(projection.name)):
        with shop.state.quick_begin() as run:
            _move(run, projection.name, 0)
        return _caught_up(shop, projection, then, lambda: False)


def stumbled(shop: "Shop", name: str, problem: str) -> None:
    """Write down what stopped a projection, for those who look at its health."""
    with shop.state.quick_begin() as run:
        run(_STUMBLED, name=name, now=clock.real_us(), problem=problem)


def lags(shop: "Shop", names: Sequence[str] = ()) -> tuple[Lag, ...]:
    """How far each projection that ever ran, and each that is named, is behind the log."""
    last, now = shop.log.last(), clock.now_us()
    rows = shop.state.quick_read('select projection, "offset", problem from checkpoints')
    known = {str(name): (int(offset), str(problem)) for name, offset, problem in rows}
    told = []
    for name in sorted({*known, *names}):
        offset, problem = known.get(name, (0, ""))
        first = shop.log.read(offset, 1) if offset < last else []
        seconds = max(0.0, (now - first[0].received_us) / 1e6) if first else 0.0
        told.append(
            Lag(projection=name, offset=offset, entries=max(0, last - offset), seconds=seconds, problem=problem)
        )
    return tuple(told)


def _caught_up(shop: "Shop", projection: Projection, then: Sequence[Job], is_stopped: Callable[[], bool]) -> int:
    take: Take = found(projection.where)
    taken, at = 0, checkpoint(shop, projection.name)
    while not is_stopped():
        last = shop.log.last()
        entries = shop.log.read(at, projection.most, projection.kinds)
        if entries:
            take(shop, entries)
        # with fewer than asked for, nothing of its kinds stands between the last of them and the log's end as it was
        end = entries[-1].offset if entries else at
        reached = end if len(entries) == projection.most else max(last, end)
        if reached == at:
            break
        with shop.state.quick_begin() as run:
            for job in then if entries else ():
                Jobs(shop.state).put_in(run, job, {}, job.name)
            _move(run, projection.name, reached)
        taken, at = taken + len(entries), reached
        if len(entries) < projection.most:
            break
    return taken


def _move(run: "Run", name: str, offset: int) -> None:
    run(_MOVE, name=name, offset=offset, now=clock.real_us())


def _lock(name: str) -> str:
    return f"projection-{name}"


_MOVE = """
insert into checkpoints (projection, "offset", moved_us, problem) values (:name, :offset, :now, '')
on conflict (projection) do update set "offset" = excluded."offset", moved_us = excluded.moved_us, problem = ''
"""
_STUMBLED = """
insert into checkpoints (projection, "offset", moved_us, problem) values (:name, 0, :now, :problem)
on conflict (projection) do update set problem = excluded.problem
"""
