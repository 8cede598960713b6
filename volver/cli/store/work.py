"""`volver work`: a runner alone, beside a server or without one."""

import signal
import threading

import click

from volver.cli.output import Context, tell_story


@click.command(name="work")
@click.option("--threads", default=2, show_default=True, type=click.IntRange(1, 64), help="Jobs at the same time.")
@click.option("--once", is_flag=True, help="Do what is due now, and end.")
@click.pass_obj
def command(context: Context, threads: int, once: bool) -> None:
    """Do the work that is due: imports, refreshes, fits, upkeep. Several may run on one shop.

    Stop it with Ctrl+C or SIGTERM: it finishes what it has begun and takes nothing new.

    Example: volver --shop myshop work --once
    """
    from volver.app import runner

    with context.open_shop() as shop:
        working = runner(shop, threads)
        if once:
            tell_story(f"Jobs done: {working.drain()}.")
            return
        over = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: over.set())
        working.start()
        tell_story(f"Working for {shop.settings.name}. Stop with Ctrl+C.")
        over.wait()
        if not working.stop():
            tell_story("Some work had not ended; another runner will begin it again.")
