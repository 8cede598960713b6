"""`volver predict when`: what customers buy again and when they are best reached."""

from typing import TYPE_CHECKING

import click

from volver.cli.output import Context, say, tell_json, tell_story, tell_table

if TYPE_CHECKING:
    from volver.predict import WhenReport
    from volver.store import Shop

_MOST = 10


@click.command(name="when")
@click.argument("customer", required=False)
@click.option("--refresh", is_flag=True, help="Learn anew from the shop's orders and publish, before answering.")
@click.option("--json", "as_json", is_flag=True, help="Answer as one JSON object.")
@click.pass_obj
def when_command(context: Context, customer: str | None, refresh: bool, as_json: bool) -> None:
    """What a customer will buy again and when to reach them; without a customer, what is due in the shop.

    Example: volver predict when 1042
    """
    from volver import predict

    with context.open_shop() as shop:
        report = predict.foresee_when(shop) if refresh else None
        found = _of_customer(shop, customer) if customer else _of_shop(shop)
        found |= _freshness(shop)
    if as_json:
        tell_json({**found, "refreshed": report.to_dict() if report else None})
        return
    if report:
        _tell_report(report)
    _tell(found)
    if found["age"]:
        say(f"This is a {found['age']}: `volver predict when --refresh` makes it anew.")


def _freshness(shop: "Shop") -> dict[str, object]:
    """The day that the answer is of, and how old that is, where it is older than the shop's day."""
    from volver import know
    from volver.store import stamp

    made, age = stamp(shop, "rebuys"), know.table_age(shop, "rebuys")
    return {"as_of": made.day.isoformat() if made and made.day else None, "age": str(age) if age else None}


def _of_customer(shop: "Shop", reference: str) -> dict[str, object]:
    from volver import know, predict

    customer = know.find_customer(shop, reference)
    moment = predict.best_moment(shop, customer)
    return {
        "customer": reference,
        "rebuys": [each.to_dict() for each in predict.rebuys_of(shop, customer)],
        "moment": moment.to_dict() if moment else None,
    }


def _of_shop(shop: "Shop") -> dict[str, object]:
    from volver import predict

    moment = predict.best_moment(shop, None)
    return {
        "products": [each.to_dict() for each in predict.due_products(shop, _MOST)],
        "moment": moment.to_dict() if moment else None,
    }


def _tell_report(report: "WhenReport") -> None:
    tell_story(
        f"{report.rebuys:,} products of {report.customers:,} customers, best moments of {report.moments:,}, "
        f"as of {report.at}, in {report.seconds:.1f} s."
    )
    if report.check:
        tell_story(
            f"On the last 28 days {100 * report.check['predicted']:.1f} % were foreseen and "
            f"{100 * report.check['came']:.1f} % came; AUC {report.check['auc']:.3f}."
        )
    for remark in report.remarks:
        tell_story(f"Note: {remark}")


def _tell(found: dict[str, object]) -> None:
    rows = found.get("rebuys", found.get("products"))
    if isinstance(rows, list) and rows:
        names = _COLUMNS["rebuys" if "rebuys" in found else "products"]
        tell_table(list(names), [[_shown(name, row[name]) for name in names.values()] for row in rows])
    else:
        say("Nothing is likely enough to be bought again.")
    moment = found["moment"]
    if isinstance(moment, dict):
        say(f"Best moment: {moment['words']}.")


_COLUMNS = {
    "rebuys": {
        "product": "product",
        "times": "times",
        "usually": "usual",
        "last": "last_day",
        "% in 28 days": "p_28d",
        "due from": "due_from",
        "due to": "due_to",
    },
    "products": {"product": "product", "customers": "customers", "likely": "likely", "expected in 28 days": "expected"},
}


def _shown(name: str, value: object) -> object:
    return round(100 * value, 1) if name.startswith("p_") and isinstance(value, float) else value
