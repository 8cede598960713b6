"""The shapes of what the store answers over the API."""

from typing import Any

from volver.core import Reply


class JobProblem(Reply):
    """Why the last attempt failed."""

    code: str
    message: str
    hint: str


class OneJob(Reply):
    """A piece of work. Instants are microseconds in UTC; None is what has not happened."""

    id: int
    name: str
    status: str
    priority: int
    attempts: int
    most_attempts: int
    share: float | None
    says: str | None
    result: Any
    problem: JobProblem | None
    due_us: int | None
    created_us: int
    started_us: int | None
    beat_us: int | None
    ended_us: int | None
    runner: str | None


class JobNumbers(Reply):
    """The work in numbers: `stuck` runs beyond its lease, `late_s` is how long the first due one waits."""

    waiting: int | None
    running: int
    failed: int
    stuck: int
    late_s: float


class JobList(Reply):
    """Work, and all of it in numbers."""

    jobs: list[OneJob]
    counts: JobNumbers
