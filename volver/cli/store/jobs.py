"""`volver jobs`: the work of a shop: what runs, what failed, what waits."""

from datetime import timedelta
from typing import TYPE_CHECKING

import click

from volver.cli.output import LISTED, NUMBER, Context, tell_json, tell_story, tell_table

if TYPE_CHECKING:
    from volver.store import QueuedJob

_JSON = click.option("--json", "as_json", is_flag=True, help="Answer as one JSON object.")
_STATUS = click.Choice(["running", "failed", "waiting", "done", "cancelled"])


@click.group(name="jobs")
def group() -> None:
    """The work of a shop: what runs, what failed, what waits."""


@group.command(name="list")
@click.option("--status", type=_STATUS, help="Only of this status.")
@click.option("--limit", default=20, show_default=True, type=LISTED, help="How many of each status.")
@_JSON
@click.pass_obj
def list_command(context: Context, status: str | None, limit: int, as_json: bool) -> None:
    """List jobs: running, failed, waiting, lately ended.

    Example: volver jobs list --status failed
    """
    from dataclasses import asdict

    from volver.store import Jobs

    with context.open_shop() as shop:
        table = Jobs(shop.state)
        found, counts, zone = table.listed(status, limit), table.counts(), shop.settings.timezone
    if as_json:
        tell_json({"jobs": [each.to_dict() for each in found], "counts": asdict(counts)})
        return
    rows = [(each.id, each.name, each.status, _when(each, zone), _far(each)) for each in found]
    tell_table(("id", "job", "status", "since", "how far"), rows)
    tell_story(f"{counts.waiting:,} wait, {counts.running:,} run, {counts.failed:,} failed.")


@group.command(name="start")
@click.argument("name")
@click.option("--anew", is_flag=True, help="Refresh even where nothing is behind: after a change of settings.")
@_JSON
@click.pass_obj
def start_command(context: Context, name: str, anew: bool, as_json: bool) -> None:
    """Write work down as due now: know.refresh, predict.fit, store.upkeep, store.retention. A runner does it.

    Example: volver jobs start know.refresh
    """
    from volver.app import start_job

    with context.open_shop() as shop:
        made = start_job(shop, name, {"anew": True} if anew else None)
    if as_json:
        tell_json({"id": made, "name": name})
        return
    tell_story(f"Job {made} waits for a runner.")


@group.command(name="retry")
@click.argument("job_id", metavar="ID", type=NUMBER)
@_JSON
@click.pass_obj
def retry_command(context: Context, job_id: int, as_json: bool) -> None:
    """Let a job that failed or was cancelled be tried again.

    Example: volver jobs retry 12
    """
    from volver.store import Jobs

    with context.open_shop() as shop:
        Jobs(shop.state).retry(job_id)
    if as_json:
        tell_json({"id": job_id, "status": "waiting"})
        return
    tell_story(f"Job {job_id} waits for a runner.")


@group.command(name="cancel")
@click.argument("job_id", metavar="ID", type=NUMBER)
@_JSON
@click.pass_obj
def cancel_command(context: Context, job_id: int, as_json: bool) -> None:
    """Stop a job: at once if it waits, at its next step if it runs.

    Example: volver jobs cancel 12
    """
    from volver.store import Jobs

    with context.open_shop() as shop:
        status = Jobs(shop.state).cancel(job_id)
    if as_json:
        tell_json({"id": job_id, "status": status})
        return
    tell_story(f"Job {job_id} is {status}.")


def _when(job: "QueuedJob", zone: str) -> str:
    from volver.core import zone_named
    from volver.core.days import EPOCH

    us = job.ended_us or job.started_us or job.created_us
    return f"{(EPOCH + timedelta(microseconds=us)).astimezone(zone_named(zone)):%Y-%m-%d %H:%M}"


def _far(job: "QueuedJob") -> str:
    if job.problem:
        return f"{job.problem['message']} ({job.attempts} of {job.most_attempts})"
    share = f"{job.share:.0%} " if job.share is not None and job.status == "running" else ""
    return f"{share}{job.says or ''}".strip()
