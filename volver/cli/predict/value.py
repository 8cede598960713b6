"""`volver predict value`: what the customers will be worth, or one of them and why."""

from typing import TYPE_CHECKING

import click

from volver.cli.output import Context, say, tell_json, tell_table

if TYPE_CHECKING:
    from volver.predict import CustomerValue
    from volver.ui import Speech


@click.command(name="value")
@click.argument("customer", required=False)
@click.option(
    "--horizon",
    default="365d",
    metavar="SPAN",
    help="How far ahead: 365d, 52 weeks, 12 months or a date (default 365d).",
)
@click.option(
    "--top",
    default=10,
    show_default=True,
    type=click.IntRange(0, 1_000_000),
    help="How many of the most valuable customers to list.",
)
@click.option(
    "--lang",
    type=click.Choice(["en", "es"]),
    default="en",
    show_default=True,
    help="Language of a customer's reasons.",
)
@click.option("--json", "as_json", is_flag=True, help="Answer as one JSON object.")
@click.pass_obj
def value_command(context: Context, customer: str | None, horizon: str, top: int, lang: str, as_json: bool) -> None:
    """What the customers will be worth within a horizon, by the published model; of one customer also why.

    Example: volver predict value 1042 --horizon "12 months"
    """
    if customer is None:
        _of_all(context, horizon, top, as_json)
        return
    from volver import know, predict
    from volver.ui import Speech

    with context.open_shop() as shop:
        found = predict.value_of_customer(shop, know.find_customer(shop, customer), horizon)
        spoken = Speech(lang=lang, currency=shop.settings.currency, zone=shop.settings.timezone)
    if as_json:
        tell_json(found.to_dict(spoken.words))
    else:
        _tell_one(customer, found, spoken)


def _of_all(context: Context, horizon: str, top: int, as_json: bool) -> None:
    from volver import know, predict

    with context.open_shop() as shop:
        report = predict.value_report(shop, horizon)
        best = [] if as_json else report.answer.table.slice(0, top).to_pylist()
        refs = know.references(shop, [row["customer_id"] for row in best])
    if as_json:
        tell_json(report.to_dict(top))
        return
    total = report.total
    say(
        f"{report.customers:,} customers, {report.horizon_days:.0f} days from {report.at}: "
        f"{total.expected:,.0f} {report.currency} (90 %: {total.low:,.0f} to {total.high:,.0f})"
    )
    rows = [[each.decile, each.customers, each.value, 100 * each.share] for each in report.deciles]
    tell_table(["decile", "customers", f"value {report.currency}", "share %"], rows)
    if best:
        say("")
        names = {"still customer %": "p_alive", "orders": "orders", "per order": "spend_per_order"}
        names |= {"value": "value", "90 % from": "low", "to": "high"}
        listed: list[list[object]] = [
            [refs.get(row["customer_id"], ""), *(_shown(name, row[name]) for name in names.values())] for row in best
        ]
        tell_table(["customer", *names], listed)


def _shown(name: str, number: float) -> float:
    return 100 * number if name.startswith("p_") else number


def _tell_one(customer: str, found: "CustomerValue", spoken: "Speech") -> None:
    if found.value is not None and found.p_alive is not None and found.p_buy is not None:
        say(
            f"Customer {customer}, {found.horizon_days:.0f} days from {found.at}: {found.value:,.2f} {found.currency} "
            f"(90 %: {found.low:,.2f} to {found.high:,.2f}); the mean customer: {found.mean_value:,.2f}."
        )
        alive, buys = spoken.percent(found.p_alive), spoken.percent(found.p_buy)
        say(f"{found.orders:,.2f} orders of {found.spend_per_order:,.2f} each; still a customer: {alive}.")
        window = f"between {found.next_from} and {found.next_to}" if found.next_from else "not in sight"
        say(f"Next order: {window}; chance of one within {found.horizon_days:.0f} days: {buys}.")
    for each in found.reasons:
        moved = f" ({spoken.factor(each.factor)})" if each.factor is not None else ""
        say(f"- {spoken.words(each.words)}{moved}")
