"""What crosses the due-table's door: a job as it was claimed, what came of it, a job as people see it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from volver.core import VolverError, Words, read_words
from volver.core.room import Job

COLUMNS: Final = (
    "id, name, status, unique_key, priority, attempts, most_attempts, due_us, created_us, started_us, beat_us, "
    "ended_us, holder, stop_asked, share, says, result, problem"
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job that a runner holds; (id, attempt) is its proof."""

    id: int
    name: str
    unique: str | None
    attempt: int
    most_attempts: int
    lease_us: int
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What came of a claimed job: done, failed (a dead letter), cancelled, waiting (again at `due_us`) or released.

    `then` is what comes next, written down in the same transaction: a job, its payload and when it is due.
    """

    claimed: Claimed
    status: str
    result: Any = None
    problem: Mapping[str, Any] | None = None
    due_us: int | None = None
    then: Sequence[tuple[Job, Mapping[str, Any], int | None]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCounts:
    """The due-table in numbers: `stuck` ones run beyond their lease, `late_s` is how long the first due one waits.

    `waiting` is None where it was not asked for.
    """

    waiting: int | None
    running: int
    failed: int
    stuck: int
    late_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedJob:
    """A job as people see it. `problem` is the code, the sentence and the hint of the last attempt that failed.

    For waiting work `due_us` is its time, for running work the end of its lease, None once it has ended.
    """

    id: int
    name: str
    status: str
    unique: str | None
    priority: int
    attempts: int
    most_attempts: int
    due_us: int | None
    created_us: int
    started_us: int | None
    beat_us: int | None
    ended_us: int | None
    holder: str | None
    is_stopping: bool
    share: float | None
    says: Words | None
    result: Any
    problem: dict[str, Any] | None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; the payload stays inside, for it may name a person."""
        return {
            "id": self.id,
            "name": self.name,
            "status": "stopping" if self.is_stopping and self.status == "running" else self.status,
            "priority": self.priority,
            "attempts": self.attempts,
            "most_attempts": self.most_attempts,
            "share": self.share,
            "says": str(self.says) if self.says else None,
            "result": self.result,
            "problem": {key: self.problem[key] for key in ("code", "message", "hint")} if self.problem else None,
            "due_us": self.due_us,
            "created_us": self.created_us,
            "started_us": self.started_us,
            "beat_us": self.beat_us,
            "ended_us": self.ended_us,
            "runner": self.holder,
        }


def problem_of(problem: VolverError) -> dict[str, Any]:
    """An error as a job keeps it: for programs, and as words that can be said in the reader's language."""
    return {
        "code": problem.code,
        "message": str(problem),
        "hint": problem.advice,
        "words": [problem.says, problem.facts],
        "hint_words": [problem.hint, problem.facts],
    }


def claimed_of(row: Sequence[Any]) -> Claimed:
    """What the claiming statement returns, as a value."""
    job_id, name, unique, attempt, most_attempts, lease_us, payload = row[:7]
    return Claimed(int(job_id), name, unique, int(attempt), int(most_attempts), int(lease_us), json.loads(payload))


def queued(row: Sequence[Any]) -> QueuedJob:
    """A row of `COLUMNS` as a value."""
    return QueuedJob(
        id=int(row[0]),
        name=row[1],
        status=row[2],
        unique=row[3],
        priority=int(row[4]),
        attempts=int(row[5]),
        most_attempts=int(row[6]),
        due_us=row[7],
        created_us=int(row[8]),
        started_us=row[9],
        beat_us=row[10],
        ended_us=row[11],
        holder=row[12],
        is_stopping=bool(row[13]),
        share=row[14],
        says=read_words(row[15]),
        result=json.loads(row[16]) if row[16] else None,
        problem=json.loads(row[17]) if row[17] else None,
    )
