"""Work that is due, in one table of the state: who may take it, for how long, how often, and what came of it.

Everything that may be taken stands in one small index by priority and `due_us`: waiting work with its time, running
work with the end of its lease. A claim raises `attempts`, and every later word about the job is a guarded statement
that names that attempt: a runner that was given up for dead finds that its word changes nothing. So whatever dies, work
is taken again, and it is done once as long as what it does is guarded too.

Statements are plain SQL, the same for SQLite and PostgreSQL but for `for update skip locked`.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from volver.core import VolverError, Words, clock
from volver.core.room import Job
from volver.store.jobs_values import COLUMNS, Claimed, Ended, JobCounts, QueuedJob, claimed_of, problem_of, queued
from volver.store.state import Run, State

BACKOFF_S: Final = 10  # before the second attempt; doubled before each further one
LONGEST_BACKOFF_S: Final = 3600
_WAITS: Final = "status = 'waiting' and unique_key is not null"


class RunnerDied(VolverError):
    """Work whose runners died as often as it may be tried."""

    code = "store.runner_died"
    says = "Every runner that took this work died with it."
    hint = "Look for memory or a crash in the runner's log; then try it again."
    status = 500


class NoSuchJob(VolverError):
    """A job that is not there, or not in a state in which this can be done."""

    code = "store.no_such_job"
    says = "There is no job {id} that can be {wanted}."
    hint = "List the jobs with `volver jobs list`."
    status = 404


def backoff_s(attempt: int, chance: float) -> float:
    """Seconds to wait after a failed attempt: twice as long each time, drawn from the upper half by `chance` (0 to 1).

    >>> backoff_s(1, 1.0), backoff_s(3, 1.0), backoff_s(3, 0.0), backoff_s(99, 1.0)
    (10.0, 40.0, 20.0, 3600.0)
    """
    whole = min(float(LONGEST_BACKOFF_S), BACKOFF_S * 2.0 ** min(attempt - 1, 30))
    return whole * (0.5 + 0.5 * chance)


def key_of(job: Job, payload: Mapping[str, Any]) -> str:
    """The unique key of work that is the same whenever its payload is.

    >>> key_of(Job(name="tidy", where="", says=Words("Tidy")), {})
    'tidy'
    """
    if not payload:
        return job.name
    return f"{job.name}:{hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()[:32]}"


class Jobs:
    """The due-table of one state. `now` is the real clock, stopped or not, so that leases end."""

    def __init__(self, state: State, now: Callable[[], int] = clock.real_us) -> None:
        self.state = state
        self._now = now
        self._skip = "" if state.is_sqlite else "for update skip locked"

    def put(
        self,
        job: Job,
        payload: Mapping[str, Any] | None = None,
        *,
        unique: str | None = None,
        due_us: int | None = None,
    ) -> int:
        """Write work down; its id. Of one `unique` key only one job waits and one runs.

        Where one waits already it stays as it is, but for the time: the sooner of the two stands.
        """
        with self.state.quick_begin() as run:
            return self.put_in(run, job, payload or {}, unique, due_us)

    def ensure(self, job: Job) -> int | None:
        """Write work that comes back by itself down, unless it waits or runs already."""
        with self.state.quick_begin() as run:
            alive = run("select id from jobs where unique_key = :key and status = 'waiting'", key=job.name)
            alive += run("select id from jobs where unique_key = :key and status = 'running'", key=job.name)
            return None if alive else self.put_in(run, job, {}, job.name, None)

    def claim(self, holder: str, most: int = 1) -> list[Claimed]:
        """Take up to so many due jobs, higher priority first, then the longest due.

        Work whose runners died `most_attempts` times is buried instead, work that was to stop is stopped. Two jobs of
        one key never run at once. Nothing due costs one read and no write.
        """
        now = self._now()
        levels = [priority for priority, due in self._levels() if due <= now]
        if not levels or most < 1:
            return []
        found: list[Claimed] = []
        with self.state.quick_begin() as run:
            for priority in levels:
                wanted = most - len(found)
                if wanted < 1:
                    break
                rows = run(_CLAIM.format(skip=self._skip), holder=holder, now=now, priority=priority, most=wanted)
                for row in sorted(rows):
                    claimed = claimed_of(row)
                    if row[7]:
                        run(_END, id=claimed.id, status="cancelled", now=now, problem=None)
                    elif claimed.attempt > claimed.most_attempts:
                        run(_END, id=claimed.id, status="failed", now=now, problem=json.dumps(problem_of(RunnerDied())))
                    else:
                        found.append(claimed)
        return found

    def beat(self, held: Iterable[tuple[Claimed, float | None, Words | None]]) -> dict[int, str]:
        """Keep the leases of running jobs and write their progress down: `held`, `stop` or `lost` for each id."""
        now, found = self._now(), {}
        with self.state.quick_begin() as run:
            for claimed, share, says in held:
                rows = run(
                    _BEAT,
                    id=claimed.id,
                    attempt=claimed.attempt,
                    now=now,
                    share=share,
                    says=says.to_json() if says else None,
                )
                found[claimed.id] = "lost" if not rows else "stop" if rows[0][0] else "held"
        return found

    def finish(self, claimed: Claimed, result: Any = None) -> bool:
        """Say that a job is done; False if it was no longer ours, which undoes nothing and says nothing."""
        return self.settle([Ended(claimed=claimed, status="done", result=result)]) == 1

    def fail(self, claimed: Claimed, problem: VolverError, again_us: int | None) -> bool:
        """Say that an attempt failed: again at an instant, or never (a dead letter)."""
        status = "failed" if again_us is None else "waiting"
        told = problem_of(problem)
        return self.settle([Ended(claimed=claimed, status=status, problem=told, due_us=again_us)]) == 1

    def release(self, claimed: Claimed) -> bool:
        """Give a job back unfinished, at once due and without counting the attempt."""
        return self.settle([Ended(claimed=claimed, status="released")]) == 1

    def settle(self, ended: Sequence[Ended]) -> int:
        """Write down what came of several jobs, and what comes next, in one transaction; how many were still ours."""
        if not ended:
            return 0
        now, settled = self._now(), 0
        plain: dict[int, list[int]] = defaultdict(list)
        with self.state.quick_begin() as run:
            for each in ended:
                if each.status == "done" and each.result is None and not each.then:
                    plain[each.claimed.attempt].append(each.claimed.id)
                    continue
                mine = self._settle_one(run, each, now)
                settled += mine
                if mine:
                    for job, payload, due_us in each.then:
                        self.put_in(run, job, payload, key_of(job, payload), due_us)
            for attempt, ids in plain.items():
                listed = ", ".join(str(int(each)) for each in ids)
                settled += len(run(_DONE.format(ids=listed), attempt=attempt, now=now))
        return settled

    def cancel(self, job_id: int) -> str:
        """Stop a job: `cancelled` if it waited, `stopping` if it runs (its runner hears of it at its next beat).

        Raises `store.no_such_job`.
        """
        with self.state.quick_begin() as run:
            if run(_CANCEL, id=job_id, now=self._now()):
                return "cancelled"
            asked = "update jobs set stop_asked = 1 where id = :id and status = 'running' returning id"
            if run(asked, id=job_id):
                return "stopping"
        raise NoSuchJob(id=job_id, wanted="cancelled")

    def retry(self, job_id: int) -> None:
        """Let a job that failed or was cancelled be tried again, now. Raises `store.no_such_job`."""
        with self.state.quick_begin() as run:
            if not run(_RETRY, id=job_id, now=self._now()):
                raise NoSuchJob(id=job_id, wanted="tried again")

    def get(self, job_id: int) -> QueuedJob:
        """One job. Raises `store.no_such_job`."""
        found = self.state.quick_read(f"select {COLUMNS} from jobs where id = :id", id=job_id)
        if not found:
            raise NoSuchJob(id=job_id, wanted="shown")
        return queued(found[0])

    def listed(self, status: str | None = None, most: int = 50) -> list[QueuedJob]:
        """Jobs of one status, or running, failed, waiting and lately ended ones, so many of each."""
        wanted = _LISTS if status is None else {status: _LISTS[status]} if status in _LISTS else {}
        rows = [row for where in wanted.values() for row in self.state.quick_read(_LIST.format(where=where), most=most)]
        return [queued(row) for row in rows]

    def counts(self, *, waiting: bool = True) -> JobCounts:
        """How many wait, run, are stuck and have failed, and how long the longest due one has waited.

        Counting what waits reads an index of all of it; without `waiting` it is told as None, and the rest is quick.
        """
        now = self._now()
        dues = [due for _, due in self._levels()]
        running, failed, stuck = self.state.quick_read(_COUNTS, now=now)[0]
        late_us = max(0, now - min(dues)) if dues else 0
        alive = self.state.quick_read("select count(*) from jobs where due_us is not null") if waiting else []
        return JobCounts(
            waiting=alive[0][0] - running if alive else None,
            running=running,
            failed=failed,
            stuck=stuck,
            late_s=late_us / 1e6,
        )

    def forget(self, before_us: int, failed_before_us: int) -> int:
        """Delete jobs that ended before an instant, dead letters before another; how many."""
        sql = (
            """delete from jobs where ended_us < :before and (status <> 'failed' or ended_us < :failed) returning id"""
        )
        with self.state.quick_begin() as run:
            return len(run(sql, before=before_us, failed=failed_before_us))

    def _levels(self) -> list[tuple[int, int]]:
        """Every priority of which something waits or runs, highest first, and when its first is due."""
        return [(int(priority), int(due)) for priority, due in self.state.quick_read(_LEVELS)]

    def put_in(
        self,
        run: Run,
        job: Job,
        payload: Mapping[str, Any],
        unique: str | None = None,
        due_us: int | None = None,
    ) -> int:
        """`put` inside a transaction that writes down more than this."""
        now = self._now()
        rows = run(
            _PUT,
            name=job.name,
            unique=unique,
            payload=json.dumps(payload, ensure_ascii=False),
            priority=job.priority,
            due=now if due_us is None else due_us,
            lease=job.lease_s * 1_000_000,
            most=job.most_attempts,
            now=now,
        )
        return int(rows[0][0])

    def _settle_one(self, run: Run, each: Ended, now: int) -> int:
        names = {"id": each.claimed.id, "attempt": each.claimed.attempt}
        problem = json.dumps(each.problem, ensure_ascii=False, default=str) if each.problem else None
        if each.status in ("waiting", "released"):
            due = now if each.due_us is None else each.due_us
            more = 1 if each.status == "released" else 0
            if run(_AGAIN, **names, due=due, problem=problem, more=more):
                return 1
            status = "cancelled"  # another of its key waits and will do the same
        else:
            status = each.status
        result = json.dumps(each.result, ensure_ascii=False, default=str) if each.result is not None else None
        share = 1.0 if status == "done" else None
        return len(run(_SETTLE, **names, status=status, now=now, problem=problem, result=result, share=share))


_PUT: Final = f"""
insert into jobs (name, unique_key, payload, status, priority, due_us, lease_us, attempts, most_attempts, created_us)
values (:name, :unique, :payload, 'waiting', :priority, :due, :lease, 0, :most, :now)
on conflict (unique_key) where {_WAITS} do update
set due_us = case when jobs.due_us < excluded.due_us then jobs.due_us else excluded.due_us end
returning id
"""
_LEVELS: Final = """
with recursive level(priority) as (
  select max(priority) from jobs where due_us is not null
  union all
  select (select max(priority) from jobs where due_us is not null and priority < level.priority)
  from level where level.priority is not null
)
select level.priority, (select min(due_us) from jobs where priority = level.priority and due_us is not null)
from level where level.priority is not null order by level.priority desc
"""
_CLAIM: Final = """
with taken as materialized (
  select due.id from jobs as due
  where due.priority = :priority and due.due_us <= :now and not exists (
    select 1 from jobs as other
    where other.unique_key = due.unique_key and other.status = 'running' and other.id <> due.id)
  order by due.due_us, due.id limit :most {skip})
update jobs
set status = 'running', holder = :holder, attempts = attempts + 1, due_us = :now + lease_us, started_us = :now,
    beat_us = :now, share = null, says = null
where id in (select taken.id from taken)
returning id, name, unique_key, attempts, most_attempts, lease_us, payload, stop_asked
"""
_MINE: Final = "where id = :id and attempts = :attempt and status = 'running'"
_BEAT: Final = f"""
update jobs set due_us = :now + lease_us, beat_us = :now, share = coalesce(:share, share), says = coalesce(:says, says)
{_MINE} returning stop_asked
"""
_DONE: Final = """
update jobs set status = 'done', due_us = null, holder = null, ended_us = :now, share = 1, problem = null
where id in ({ids}) and attempts = :attempt and status = 'running' returning id
"""
_SETTLE: Final = f"""
update jobs
set status = :status, due_us = null, holder = null, ended_us = :now, problem = :problem, result = :result,
    share = coalesce(:share, share)
{_MINE} returning id
"""
_AGAIN: Final = f"""
update jobs
set status = 'waiting', due_us = :due, holder = null, problem = coalesce(:problem, problem),
    most_attempts = most_attempts + :more
{_MINE} and not exists (
  select 1 from jobs as other where other.unique_key = jobs.unique_key and other.status = 'waiting')
returning id
"""
_END: Final = """
update jobs set status = :status, due_us = null, holder = null, ended_us = :now, problem = coalesce(:problem, problem)
where id = :id and status = 'running'
"""
_CANCEL: Final = """
update jobs set status = 'cancelled', due_us = null, ended_us = :now where id = :id and status = 'waiting' returning id
"""
_RETRY: Final = """
update jobs
set status = 'waiting', due_us = :now, ended_us = null, stop_asked = 0, problem = null, share = null, says = null,
    most_attempts = case when attempts < most_attempts then most_attempts else attempts + 1 end
where id = :id and status in ('failed', 'cancelled') and not exists (
  select 1 from jobs as other where other.unique_key = jobs.unique_key and other.status = 'waiting')
returning id
"""
_LIST: Final = f"select {COLUMNS} from jobs where {{where}} limit :most"
_SHOWN: Final = "status in ('running', 'failed')"  # said as the index says it, or SQLite does not use it
_LISTS: Final = {
    "running": f"{_SHOWN} and status = 'running' order by id desc",
    "failed": f"{_SHOWN} and status = 'failed' order by id desc",
    "waiting": "status = 'waiting' and due_us is not null order by priority desc, due_us",
    "done": "status = 'done' and ended_us is not null order by ended_us desc",
    "cancelled": "status = 'cancelled' and ended_us is not null order by ended_us desc",
}
_COUNTS: Final = f"""
select count(case when status = 'running' then 1 end), count(case when status = 'failed' then 1 end),
       count(case when status = 'running' and due_us < :now then 1 end)
from jobs where {_SHOWN}
"""
