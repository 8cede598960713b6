"""The runner: takes due jobs, does them in a few threads, and lets projections take what the log brings.

It runs inside `volver serve` and alone as `volver work`; several may run on one shop. A side thread keeps the leases
and writes progress down. Told to stop it takes nothing new, tells running jobs, waits for them, and gives back what it
had not begun; what still runs after that keeps its lease, so that nobody takes it while this process may be alive.
"""

import os
import secrets
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from volver.core import VolverError, Words, clock, log
from volver.core.room import Job, Projection, found
from volver.store.checkpoints import catch_up, stumbled
from volver.store.jobs import Jobs, backoff_s
from volver.store.jobs_values import Claimed, Ended, problem_of

if TYPE_CHECKING:
    from volver.store.shop import Shop

POLL_S: Final = 0.5  # how late a job or an entry may be noticed; an empty poll costs less than a millisecond
GRACE_S: Final = 20.0
_QUICK_S: Final = 0.25  # a batch done within this was small: take twice as many the next time
_LARGEST_BATCH: Final = 200
_IDLE_S: Final = 1.0  # what was taken but not begun within this is given back
_LONGEST_REST_S: Final = 60.0  # between two tries of a projection that stumbles


class JobBroke(VolverError):
    """Work raised something that is no error of ours."""

    code = "store.job_broke"
    says = "The work broke ({error})."
    hint = "It is tried again; if it keeps breaking, look for it in the log by its number."
    status = 500


class UnknownWork(VolverError):
    """A job that this runner does not know."""

    code = "store.unknown_work"
    says = "This Volver knows no work called {name}."
    hint = "The page on jobs names them all; if a newer version wrote it down, update this runner."
    status = 500


class Stopped(Exception):
    """What a job raises that leaves unfinished because `is_stopped()` said so."""


def _nobody(_share: float, _says: Words | None) -> None:
    """Nobody listens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a job is given: the shop, what was written down for it, and whom to tell how far it is."""

    shop: "Shop"
    payload: Mapping[str, Any] = field(default_factory=dict)
    told: Callable[[float, Words | None], None] = _nobody
    stopped: Callable[[], bool] = lambda: False

    def progress(self, share: float, says: Words | None = None) -> None:
        """Say which share of the work is done, and what is going on. Raises `Stopped` if it is to stop."""
        if self.stopped():
            raise Stopped
        self.told(share, says)

    def say(self, says: Words) -> None:
        """Say what is going on. Raises `Stopped` if it is to stop."""
        self.progress(0.0, says)

    def is_stopped(self) -> bool:
        """Whether the work is to be left, because somebody cancelled it or the runner stops."""
        return self.stopped()


@dataclass(slots=True, eq=False)
class _Held:
    """A job in this runner's hands."""

    claimed: Claimed
    taken_s: float
    share: float | None = None
    says: Words | None = None
    cancelled: threading.Event = field(default_factory=threading.Event)

    def tell(self, share: float, says: Words | None) -> None:
        self.share, self.says = share, says or self.says


class Runner:
    """A runner on one shop. `start` it and `stop` it, or let it `drain` what is due."""

    def __init__(
        self,
        shop: "Shop",
        jobs: Iterable[Job],
        projections: Iterable[Projection] = (),
        *,
        threads: int = 2,
        poll_s: float = POLL_S,
    ) -> None:
        self.shop, self.threads, self.poll_s = shop, threads, poll_s
        self.jobs = {each.name: each for each in jobs}
        self.projections = tuple(projections)
        self.name = f"{socket.gethostname()[:60]}:{os.getpid()}:{secrets.token_hex(3)}"
        self.table = Jobs(shop.state)
        self._beat_s = min([1.0, *(each.lease_s / 4 for each in self.jobs.values())])
        self._door = threading.Condition()  # guards what follows, and wakes who waits for it
        self._todo: deque[_Held] = deque()
        self._held: dict[int, _Held] = {}
        self._ended: list[Ended] = []
        self._most = threads
        self._stopping = threading.Event()
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to work, in threads that end with the process."""
        self._ensure()
        self._side_thread(self._beat_loop)
        for loop in (self._claim_loop, self._project_loop, *[self._work_loop] * self.threads):
            self._threads.append(self._side_thread(loop))

    def stop(self, grace_s: float = GRACE_S) -> bool:
        """Take nothing new, wait for what runs; whether all of it ended in time."""
        self._stopping.set()
        until = clock.stopwatch_s() + grace_s
        with self._door:
            self._give_back(0.0)
            self._door.notify_all()
        for thread in self._threads:
            thread.join(max(0.0, until - clock.stopwatch_s()))
        with _calmly("runner cannot reach the jobs"):
            self._settle()
        self._over.set()
        return not self._held

    def drain(self) -> int:
        """Work in this thread until nothing is due and no projection has anything to take; how many jobs it did."""
        self._ensure()
        self._side_thread(self._beat_loop)
        jobs, busy = 0, True
        while busy:
            taken = [catch_up(self.shop, each, self._after(each.name)) for each in self.projections]
            claimed = self.table.claim(self.name)
            for each in claimed:
                held = self._held[each.id] = _Held(each, clock.stopwatch_s())
                self._ended.append(self._done(held))
                self._settle()
            jobs, busy = jobs + len(claimed), bool(claimed or any(taken))
        self._over.set()
        return jobs

    def _ensure(self) -> None:
        for job in self.jobs.values():
            if job.every_s is not None:
                self.table.ensure(job)

    def _side_thread(self, loop: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=loop, name="runner", daemon=True)
        thread.start()
        return thread

    def _claim_loop(self) -> None:
        while not self._stopping.is_set():
            with _calmly("runner cannot reach the jobs"):
                self._settle()
                self._claim()
            with self._door:
                if not self._ended and not self._stopping.is_set():
                    self._door.wait(self.poll_s)
                self._give_back(_IDLE_S)

    def _claim(self) -> None:
        """Take what is due, if a thread is idle."""
        with self._door:
            most = self._most - len(self._held) if len(self._held) < self.threads else 0
        claimed = self.table.claim(self.name, most)
        now_s = clock.stopwatch_s()
        with self._door:
            for each in claimed:
                held = self._held[each.id] = _Held(each, now_s)
                self._todo.append(held)
            if self._stopping.is_set():
                self._give_back(0.0)
            self._door.notify_all()

    def _settle(self) -> None:
        """Write down what ended; what cannot be written now is kept for the next time."""
        with self._door:
            ended, self._ended = self._ended, []
        try:
            self.table.settle(ended)
        except BaseException:
            with self._door:
                self._ended = ended + self._ended
            raise
        with self._door:
            for each in ended:
                self._held.pop(each.claimed.id, None)

    def _give_back(self, idle_s: float) -> None:
        """Release what was taken and not begun for so long; call it inside the door."""
        now_s = clock.stopwatch_s()
        for held in [each for each in self._todo if now_s - each.taken_s >= idle_s]:
            self._todo.remove(held)
            self._ended.append(Ended(claimed=held.claimed, status="released"))
            self._most = self.threads

    def _beat_loop(self) -> None:
        while not self._over.wait(self._beat_s):
            with self._door:
                held = dict(self._held)
            with _calmly("runner cannot keep its leases"):
                if held:
                    told = self.table.beat((each.claimed, each.share, each.says) for each in held.values())
                    for job_id, answer in told.items():
                        if answer != "held":
                            held[job_id].cancelled.set()

    def _work_loop(self) -> None:
        while True:
            with self._door:
                while not self._todo:
                    if self._stopping.is_set():
                        return
                    self._door.wait(self.poll_s)
                held = self._todo.popleft()
            ended = self._done(held)
            with self._door:
                quick = clock.stopwatch_s() - held.taken_s < _QUICK_S
                self._ended.append(ended)
                if len(self._ended) == len(self._held):
                    self._most = min(2 * self._most, _LARGEST_BATCH) if quick else self.threads
                    self._door.notify_all()
                elif len(self._held) <= self.threads:
                    self._door.notify_all()

    def _done(self, held: _Held) -> Ended:
        """Do one job; what came of it."""
        claimed = held.claimed
        job = self.jobs.get(claimed.name)
        work = Work(
            shop=self.shop,
            payload=claimed.payload,
            told=held.tell,
            stopped=lambda: held.cancelled.is_set() or self._stopping.is_set(),
        )
        try:
            if job is None:
                raise UnknownWork(name=claimed.name)
            result = found(job.where)(work)
        except Stopped:
            if held.cancelled.is_set():
                return Ended(claimed=claimed, status="cancelled", then=self._next(claimed, job, done=False))
            return Ended(claimed=claimed, status="released")
        except VolverError as problem:
            log("store").warning("job failed", extra={"job": claimed.name, "id": claimed.id, "code": problem.code})
            return self._failed(claimed, job, problem, final=problem.status < 500 and problem.status != 409)
        except Exception as problem:  # noqa: BLE001  whatever a job raises, the runner goes on and says so
            error = type(problem).__name__
            log("store").error("job broke", extra={"job": claimed.name, "id": claimed.id, "error": error})
            return self._failed(claimed, job, JobBroke(error=error), final=False)
        then = self._next(claimed, job, done=result is not None)
        return Ended(claimed=claimed, status="done", result=result, then=then)

    def _failed(self, claimed: Claimed, job: Job | None, problem: VolverError, *, final: bool) -> Ended:
        """Again after a while, or never: what the caller got wrong stays wrong, however often it is tried."""
        told = problem_of(problem)
        if final or claimed.attempt >= claimed.most_attempts:
            then = self._next(claimed, job, done=False)
            return Ended(claimed=claimed, status="failed", problem=told, then=then)
        wait_us = round(backoff_s(claimed.attempt, secrets.randbelow(1001) / 1000) * 1e6)
        return Ended(claimed=claimed, status="waiting", problem=told, due_us=clock.real_us() + wait_us)

    def _next(
        self, claimed: Claimed, job: Job | None, *, done: bool
    ) -> Sequence[tuple[Job, Mapping[str, Any], int | None]]:
        then: list[tuple[Job, Mapping[str, Any], int | None]] = []
        if job and job.every_s is not None and claimed.unique == job.name:
            then.append((job, {}, clock.real_us() + job.every_s * 1_000_000))
        if done:
            then += [(each, claimed.payload, None) for each in self._after(claimed.name)]
        return then

    def _after(self, name: str) -> tuple[Job, ...]:
        """What comes after a job or a projection."""
        return tuple(each for each in self.jobs.values() if each.after == name)

    def _project_loop(self) -> None:
        rests: dict[str, float] = {}
        waits: dict[str, float] = {}
        while not self._stopping.wait(self.poll_s):
            for each in self.projections:
                if clock.stopwatch_s() < waits.get(each.name, 0.0):
                    continue
                if self._project(each):
                    rests.pop(each.name, None)
                    continue
                rests[each.name] = min(2 * rests.get(each.name, self.poll_s), _LONGEST_REST_S)
                waits[each.name] = clock.stopwatch_s() + rests[each.name]

    def _project(self, projection: Projection) -> bool:
        """Let a projection take what there is; whether it went well."""
        try:
            catch_up(self.shop, projection, self._after(projection.name), self._stopping.is_set)
        except Exception as problem:  # noqa: BLE001  one projection that stumbles must not stop the others
            error = problem.code if isinstance(problem, VolverError) else type(problem).__name__
            log("store").error("projection stumbled", extra={"projection": projection.name, "error": error})
            with _calmly("runner cannot reach the state"):
                stumbled(self.shop, projection.name, error)
            return False
        return True


class _calmly:  # noqa: N801  reads as a word: with _calmly("…")
    """A block whose failures are logged and tried again, because a disk or a database may come back."""

    def __init__(self, says: str) -> None:
        self.says = says

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, problem: BaseException | None, _trace: object) -> bool:
        if not isinstance(problem, Exception):
            return False
        log("store").error(self.says, extra={"error": type(problem).__name__})
        return True
