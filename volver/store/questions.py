"""What programs may ask of the store: the work that is due, and what came of it."""

from dataclasses import asdict
from typing import Any, Final

from volver.core import Parameter, Question
from volver.store.jobs import Jobs
from volver.store.replies import JobList, OneJob
from volver.store.shop import Shop

_STATUS: Final = ("running", "failed", "waiting", "done", "cancelled")


def _jobs(shop: Shop, *, status: str | None = None, most: int = 50) -> Any:
    table = Jobs(shop.state)
    return {"jobs": [each.to_dict() for each in table.listed(status, most)], "counts": asdict(table.counts())}


def _job(shop: Shop, *, id: int) -> Any:  # noqa: A002  the name in the path
    return Jobs(shop.state).get(id).to_dict()


QUESTIONS: Final = (
    Question(
        path="/jobs",
        says="Work that runs, failed, waits or lately ended, with its progress.",
        parameters=(
            Parameter(name="status", kind="choice", says="Only of this status.", choices=_STATUS),
            Parameter(name="most", kind="count", says="How many of each status at most."),
        ),
        answer=_jobs,
        replies=JobList,
    ),
    Question(
        path="/jobs/{id}",
        says="One piece of work: how far it is, or what came of it.",
        parameters=(Parameter(name="id", kind="count", says="Its id.", most=2**63 - 1, in_path=True),),
        answer=_job,
        replies=OneJob,
    ),
)
