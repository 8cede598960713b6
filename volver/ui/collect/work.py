"""Work that was asked for here, such as an import: how far it is, what came of it."""

from collections.abc import Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from volver.collect import IMPORT, RETRY, UNDO
from volver.core import Words
from volver.store import Jobs, NoSuchJob, QueuedJob, Shop
from volver.ui.collect.reports import Told, e4_of, told
from volver.ui.shared.rendering import render_page

_OURS: Final = {each.name: each.says for each in (IMPORT, RETRY, UNDO)}


def work_page(shop: Shop) -> Callable[[Request], Response]:
    """The handler of `/imports/jobs/{id}`."""

    def show(request: Request) -> Response:
        job = Jobs(shop.state).get(int(request.path_params["id"]))
        if job.name not in _OURS:
            raise NoSuchJob(id=job.id, wanted="shown")
        problem = job.problem or {}
        return render_page(
            request,
            shop,
            "work.html",
            job=job,
            title=_OURS[job.name],
            waits=job.status in ("waiting", "running"),
            problem=(Words(*problem["words"]), Words(*problem["hint_words"])) if problem else None,
            report=_report(job),
            says=_says(job),
        )

    return show


def _report(job: QueuedJob) -> Told | None:
    return told(job.result) if job.name == IMPORT.name and job.status == "done" and job.result else None


def _says(job: QueuedJob) -> list[Words]:
    """What came of an undoing or of reading again, in sentences."""
    if job.status != "done" or not job.result or job.name == IMPORT.name:
        return []
    done = job.result
    if job.name == UNDO.name:
        facts = {"number": str(done["undoes"]), "n": done["gone"], "changed": done["changed"]}
        money = {"before_e4": e4_of(done["before"]), "after_e4": e4_of(done["after"])}
        return [
            Words("Import {number} is taken back: {n} orders are gone, {changed} are as before.", facts),
            Words("The whole shop came to {before_e4} and comes to {after_e4}.", money),
        ]
    facts = {"n": done["tried"], "settled": done["settled"], "added": done["added"]}
    return [Words("{n} rows were read again: {settled} could be used now, {added} are new.", facts)]
