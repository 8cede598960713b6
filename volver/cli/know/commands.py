"""`volver know`: customers, one customer, segments, stages, key figures, cohorts."""

from datetime import date, datetime
from typing import TYPE_CHECKING

import click

from volver.cli.know.segments import group as segments_group
from volver.cli.leaving import csv_option, save_csv
from volver.cli.output import NUMBER, Context, say, tell_json, tell_table

if TYPE_CHECKING:
    from pathlib import Path

    from volver.know import Choice, CustomerProfile, MergeReport
    from volver.store import Shop
    from volver.ui import Speech

json_option = click.option("--json", "as_json", is_flag=True, help="Answer as one JSON object.")
at_option = click.option("--at", type=click.DateTime(["%Y-%m-%d"]), help="As of this day (default: the last refresh).")


@click.group(name="know")
def group() -> None:
    """Customers, stages, segments and key figures."""


group.add_command(segments_group)


@group.command()
@click.option("--search", default="", help="Part of a name, e-mail or reference.")
@click.option("--stage", help="Only this stage: new, growing, champion, slipping, sleeping, lost.")
@click.option("--segment", help="Only this segment; `volver know segments` lists them.")
@click.option("--sort", default="value", help="value, net, orders, last, soon, alive or name.")
@click.option("--ascending", is_flag=True, help="Smallest first.")
@csv_option
@click.option("--limit", default=20, type=click.IntRange(1, 10_000), help="How many.")
@click.option("--offset", default=0, type=click.IntRange(0), help="How many to pass over.")
@at_option
@json_option
@click.pass_obj
def customers(
    context: Context,
    search: str,
    stage: str | None,
    segment: str | None,
    sort: str,
    ascending: bool,
    csv_path: str | None,
    limit: int,
    offset: int,
    at: datetime | None,
    as_json: bool,
) -> None:
    """List customers, or write every one of them to a CSV file that a spreadsheet opens right.

    Example: volver know customers --stage slipping --segment vip --csv vips.csv
    """
    from volver import know

    if csv_path is not None:
        choice = know.Choice(search=search, stage=stage, segment=segment, sort=sort, descending=not ascending)
        _save(context, choice, csv_path, _day(at), as_json)
        return
    with context.open_shop() as shop:
        page = know.customers(
            shop,
            search=search,
            stage=stage,
            segment=segment,
            sort=sort,
            descending=not ascending,
            limit=limit,
            offset=offset,
            at=_day(at),
        )
        currency = shop.settings.currency
    if as_json:
        tell_json({"total": page.total, "currency": currency, "customers": [know.plain(row) for row in page.rows]})
        return
    tell_table(
        ["customer", "name", "stage", "orders", f"net {currency}", "last order", "order in 90 days", "next 365 days"],
        [
            (
                row.ref,
                row.name,
                row.stage,
                row.orders,
                _rounded(row.net_e4),
                row.last_day,
                row.p_buy_90d,
                _rounded(row.value_e4),
            )
            for row in page.rows
        ],
    )


def _save(context: Context, choice: "Choice", path: str, at: date | None, as_json: bool) -> None:
    from volver import know

    with context.open_shop() as shop:

        def write(target: "Path", spoken: "Speech") -> int:
            return know.customers_csv(shop, target, say=spoken.words, marks=spoken.csv_marks, choice=choice, at=at)

        save_csv(shop, path, write, what="customers", as_json=as_json)


@group.command()
@click.argument("reference")
@at_option
@json_option
@click.pass_obj
def customer(context: Context, reference: str, at: datetime | None, as_json: bool) -> None:
    """Show one customer by reference or e-mail.

    Example: volver know customer 1042
    """
    from volver import know

    with context.open_shop() as shop:
        found = know.customer(shop, know.find_customer(shop, reference), _day(at))
        currency = shop.settings.currency
    if as_json:
        tell_json(know.plain(found) | {"currency": currency})
        return
    _tell_customer(found, currency)


def _tell_customer(found: "CustomerProfile", currency: str) -> None:
    from volver import know

    say(f"{found.name or found.ref}: {found.stage} ({found.stage_reason})")
    say(f"{found.orders} orders, {_rounded(found.net_e4)} {currency} net, {found.first_day} to {found.last_day}")
    if found.scores:
        low, high = _rounded(found.scores.value_low_e4), _rounded(found.scores.value_high_e4)
        say(f"next 365 days: {_rounded(found.scores.value_e4)} {currency} (90 %: {low} to {high})")
        if found.scores.p_buy_90d is not None:
            say(f"an order within 90 days: {found.scores.p_buy_90d:.0%}")
    for each in found.segments:
        say(f"  {each.label}: {know.filled(each.reason)}")


@group.command()
@json_option
@click.pass_obj
def today(context: Context, as_json: bool) -> None:
    """Which day it is for the shop, and why: the clock's while data flows, else the last one with orders.

    Example: volver know today --json
    """
    from volver import know

    with context.open_shop() as shop:
        found = know.today(shop)
    if as_json:
        tell_json(found.to_dict())
        return
    say(f"{found.day or 'No orders yet.'}")
    if found.says:
        say(str(found.says))


@group.command()
@click.option("--customer", help="The values of this customer, by reference or e-mail.")
@json_option
@click.pass_obj
def traits(context: Context, customer: str | None, as_json: bool) -> None:
    """Every trait by name with its day, source and model; with --customer, one customer's values.

    Example: volver know traits --customer 1042
    """
    from volver import app, know

    declared = app.declared_traits()
    with context.open_shop() as shop:
        if customer is None:
            told = [each.to_dict() for each in know.trait_states(shop, declared)]
        else:
            told = [each.to_dict() for each in know.traits(shop, know.find_customer(shop, customer), declared)]
        currency = shop.settings.currency
    if as_json:
        tell_json({"customer": customer, "currency": currency, "traits": told})
        return
    names = ["name", "unit", "as_of", "source", "model", "age", "label"]
    if customer is not None:
        names.insert(1, "value")
    tell_table(names, [tuple(each[name] for name in names) for each in told])


@group.command()
@at_option
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Also show who moved since this day.")
@json_option
@click.pass_obj
def stages(context: Context, at: datetime | None, since: datetime | None, as_json: bool) -> None:
    """How many customers are in each stage, and the moves between two days.

    Example: volver know stages --at 2026-06-01 --since 2026-03-01
    """
    from volver import know

    with context.open_shop() as shop:
        found = know.stages(shop, _day(at), _day(since))
    if as_json:
        tell_json(know.plain(found))
        return
    tell_table(
        ["stage", "customers", "net", "next 365 days"],
        [(each.stage, each.customers, _rounded(each.net_e4), _rounded(each.value_e4)) for each in found.stages],
    )
    if found.moves:
        say("")
        tell_table(["was", "is", "customers"], [(each.was or "-", each.now, each.customers) for each in found.moves])


@group.command()
@click.option("--by", default="month", help="day, week or month.")
@click.option("--from", "start", type=click.DateTime(["%Y-%m-%d"]), help="First day.")
@click.option("--to", "end", type=click.DateTime(["%Y-%m-%d"]), help="Last day.")
@json_option
@click.pass_obj
def kpi(context: Context, by: str, start: datetime | None, end: datetime | None, as_json: bool) -> None:
    """Key figures by day, week or month.

    Example: volver know kpi --by week --from 2026-01-01
    """
    from volver import know

    with context.open_shop() as shop:
        rows = know.kpi(shop, by, _day(start), _day(end)).rows()
        currency = shop.settings.currency
    if as_json:
        tell_json({"by": by, "currency": currency, "periods": [know.plain(row) for row in rows]})
        return
    tell_table(
        ["from", "orders", f"net {currency}", "margin", "AOV", "new", "returning", "repeat rate", "returns"],
        [
            (
                row["start"],
                row["orders"],
                _rounded(row["net_e4"]),
                _rounded(row["margin_e4"]),
                _rounded(row["aov_e4"]),
                row["new_customers"],
                row["returning_customers"],
                row["repeat_rate"],
                row["returns_rate"],
            )
            for row in rows
        ],
    )


@group.command()
@at_option
@json_option
@click.pass_obj
def cohorts(context: Context, at: datetime | None, as_json: bool) -> None:
    """First-time buyers by month: the share who ordered again n months later.

    Example: volver know cohorts
    """
    from volver import know

    with context.open_shop() as shop:
        found = know.cohorts(shop, _day(at))
    if as_json:
        tell_json(know.plain(found))
        return
    months = max((len(each.retention) for each in found.cohorts), default=0)
    tell_table(
        ["first order", "buyers", *(str(n) for n in range(months))],
        [
            (
                each.month,
                each.buyers,
                *(f"{share:.0%}" for share in each.retention),
                *[""] * (months - len(each.retention)),
            )
            for each in found.cohorts
        ],
    )


@group.command()
@click.argument("customer")
@click.argument("into")
@click.option("--reason", required=True, help="Why they are one person; it is kept with the merge.")
@click.option("--no-refresh", is_flag=True, help="Do not bring customers, segments and forecasts up to date.")
@json_option
@click.pass_obj
def merge(context: Context, customer: str, into: str, reason: str, no_refresh: bool, as_json: bool) -> None:
    """Make one customer part of another: their orders are the other's from now on. `unmerge` undoes it.

    Example: volver know merge ana@example.org 7001 --reason "she told us so"
    """
    from volver import know

    with context.open_shop() as shop:
        found = know.merge(shop, know.find_customer(shop, customer), know.find_customer(shop, into), reason)
        _follow(shop, no_refresh)
    _tell_person(found, as_json)


@group.command()
@click.argument("number", type=NUMBER)
@click.option("--no-refresh", is_flag=True, help="Do not bring customers, segments and forecasts up to date.")
@json_option
@click.pass_obj
def unmerge(context: Context, number: int, no_refresh: bool, as_json: bool) -> None:
    """Undo the merge by which a customer, named by number, became part of another.

    Example: volver know unmerge 12
    """
    from volver import know

    with context.open_shop() as shop:
        found = know.unmerge(shop, number)
        _follow(shop, no_refresh)
    _tell_person(found, as_json)


@group.command()
@click.argument("customer")
@json_option
@click.pass_obj
def merges(context: Context, customer: str, as_json: bool) -> None:
    """Which customers are one person with this one, and how they came together.

    Example: volver know merges ana@example.org
    """
    from volver import know

    with context.open_shop() as shop:
        found = know.merges(shop, know.find_customer(shop, customer))
    _tell_person(found, as_json)


def _follow(shop: "Shop", no_refresh: bool) -> None:
    if not no_refresh:
        from volver.app import refresh

        refresh(shop)


def _tell_person(found: "MergeReport", as_json: bool) -> None:
    from volver import know

    if as_json:
        tell_json(know.plain(found))
        return
    parts = ", ".join(str(each) for each in found.numbers[1:])
    say(f"Customer {found.customer_id} is one person with {parts}." if parts else f"Customer {found.customer_id}.")
    tell_table(
        ["merged", "into", "stands", "by", "reason"],
        [
            (each.from_id, each.into_id, "no" if each.undone_us else "yes", each.source, each.reason)
            for each in found.merges
        ],
    )


def _rounded(e4: int | None) -> float | None:
    return None if e4 is None else e4 / 10_000


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.date()
