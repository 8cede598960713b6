"""The work of the shop: what runs and how far it is, what failed and why, what waits, what is done."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from volver.core import VolverError, Words, day_of
from volver.store import Jobs, QueuedJob, Shop
from volver.ui.shared.formatting import Speech
from volver.ui.shared.rendering import render_page, speech_of

_SHOWN: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A job as a line of the page; `says` is what is going on, why it failed, or nothing."""

    id: int
    title: Words
    percent: float | None
    says: Words | None
    hint: Words | None
    day: str
    clock: str
    attempts: int
    is_stopping: bool


def jobs_page(shop: Shop) -> Callable[[Request], Response]:
    """The handler of `/jobs`."""

    def show(request: Request) -> Response:
        table, spoken, titles = Jobs(shop.state), speech_of(request, shop), _titles(request)
        lists = {
            name: [_row(each, shop, spoken, titles) for each in table.listed(name, _SHOWN)]
            for name in ("running", "failed", "waiting", "done")
        }
        return render_page(request, shop, "jobs.html", lists=lists)

    return show


def change_job(shop: Shop) -> Callable[[Request], Any]:
    """The handler of the forms that cancel a job or let it be tried again."""

    async def change(request: Request) -> Response:
        wanted, job_id = str((await request.form()).get("do", "")), int(request.path_params["id"])
        deed = Jobs(shop.state).retry if wanted == "retry" else Jobs(shop.state).cancel
        try:
            await run_in_threadpool(deed, job_id)
        except VolverError as problem:
            says, hint = Words(problem.says, problem.facts), Words(problem.hint, problem.facts)
            return render_page(request, shop, "error.html", problem.status, status=problem.status, says=says, hint=hint)
        return RedirectResponse("/jobs", 303)

    return change


def _titles(request: Request) -> dict[str, Words]:
    """What the jobs of this shop's rooms are called."""
    return {job.name: job.says for room in request.state.rooms for job in room.jobs}


def _row(job: QueuedJob, shop: Shop, spoken: Speech, titles: Mapping[str, Words]) -> Row:
    moment = job.ended_us or job.started_us or job.due_us or job.created_us
    if job.status == "waiting":
        moment = job.due_us or job.created_us
    problem = job.problem or {}
    return Row(
        id=job.id,
        title=titles.get(job.name) or Words("{name}", {"name": job.name}),
        percent=job.share,
        says=Words(*problem["words"]) if problem else job.says,
        hint=Words(*problem["hint_words"]) if problem else None,
        day=spoken.day(day_of(moment, shop.settings.timezone)),
        clock=spoken.clock(moment),
        attempts=job.attempts,
        is_stopping=job.is_stopping,
    )
