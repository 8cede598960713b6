"""`volver demo`: a whole shop to look at, from real orders or from a simulation."""

from datetime import datetime
from pathlib import Path

import click

from volver.cli.output import Context, tell_json, tell_story

SIMULATION, JOURNEY = "simulation", "completejourney"


@click.command(name="demo")
@click.option("--from", "source", type=click.Choice([SIMULATION, JOURNEY]), default=SIMULATION, show_default=True,
              help="A simulated Spanish shop, or a year of real grocery orders.")  # fmt: skip
@click.option("--simulate", "customers", type=click.IntRange(1), default=1500, show_default=True, metavar="N",
              help="How many customers to simulate.")  # fmt: skip
@click.option("--seed", default=1, show_default=True, type=click.IntRange(min=0), help="Which simulated shop.")
@click.option(
    "--until", type=click.DateTime(["%Y-%m-%d"]), help="Last day of the simulated two years (default: yesterday)."
)
@click.option("--truth", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Write what is true of each simulated customer (Parquet).")  # fmt: skip
@click.option("--path", type=click.Path(file_okay=False, path_type=Path), default=Path("demo-shop"), show_default=True,
              metavar="PATH", help="Where the shop goes.")  # fmt: skip
@click.option("--lang", type=click.Choice(["en", "es"]), help="Language of the console (a simulated shop: es).")
@click.option("--fresh", is_flag=True, help="Build it again even if it is there.")
@click.option("--serve/--no-serve", default=True, help="Open the console when it is built.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 is any free one.")
@click.option("--json", "as_json", is_flag=True, help="Answer as one JSON object.")
@click.pass_context
def command(
    ctx: click.Context, source: str, customers: int, seed: int, until: datetime | None, truth: Path | None, path: Path,
    lang: str | None, fresh: bool, serve: bool, port: int, as_json: bool,
) -> None:  # fmt: skip
    """Build a demo shop and open its console.

    A demo that stands already is kept.

    Example: volver demo --simulate 2000 --seed 7 --no-serve
    """
    from volver.cli.server.demo_shop import Wanted, build, has_screen, standing

    if source == JOURNEY and (truth or until):
        raise click.UsageError("--truth and --until are of a simulated shop.")
    wanted = Wanted(
        lang=lang or ("en" if source == JOURNEY else "es"),
        customers=None if source == JOURNEY else customers,
        seed=seed,
        last_day=until.date() if until else None,
    )
    path = path.absolute()
    known = standing(path, wanted)
    if known and not fresh and truth is None:
        tell_story(f"The demo shop in {path} is there already; --fresh builds it again.")
        told = known["told"] | {"made": False}
    else:
        told = build(path, wanted, truth, tell_story) | {"made": True}
    tell_story(
        f"{told['customers']:,} customers, {told['orders']:,} orders, {told['net']} {told['currency']} "
        f"from {told['first_at'][:10]} to {told['last_at'][:10]}."
    )
    if as_json:
        tell_json({"shop": str(path), **told, "truth": str(truth) if truth else None})
    if not serve:
        tell_story(f"Look at it with: volver --shop {path} serve")
        return
    from volver.cli.server.serve import command as serve_command

    ctx.obj = Context(shop_path=str(path))
    ctx.invoke(serve_command, port=port, show=has_screen())
