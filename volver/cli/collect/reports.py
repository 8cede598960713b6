"""The report of an import on the command line: what deserves a look first, then what is not zero, then the money."""

from typing import TYPE_CHECKING

from volver.cli.output import say, tell_story, tell_table

if TYPE_CHECKING:
    from volver.collect import ImportReport, MoneyStory


def tell_report(report: "ImportReport", *, notes: bool = True) -> None:
    """The whole report; a count of zero is not printed."""
    said = report.to_json()
    for warning in warnings(report):
        say(warning)
    if notes:
        _tell_notes(report)
    lines = [("files", report.files)]
    lines += [(f"rows {key}", said["rows"][key]) for key in ("read", "added", "already_there", "identical", "pending")]
    lines += [(f"set aside: {reason}", count) for reason, count in sorted(report.rows.set_aside.items())]
    lines += [(f"orders {key}", count) for key, count in said["orders"].items()]
    lines += [(f"lines {key}", count) for key, count in report.lines.items()]
    lines += [("customers", report.customers), ("products", report.products)]
    tell_table(("what", "count"), [line for line in lines if line[1] or line[0] in ("rows read", "rows added")])
    if report.money is not None:
        say()
        _tell_money(report.money, report.currency, report.ledger_net_after)
    _tell_documents(report)
    if report.first_at and report.last_at:
        say(f"\nFrom {_minute(report.first_at)} to {_minute(report.last_at)}.")


def _tell_notes(report: "ImportReport") -> None:
    """What people should know of the files, each file under its name."""
    names = {each.file for each in report.notes}
    for file in sorted(names):
        says = [each.says for each in report.notes if each.file == file]
        say(f"{file}: {says[0]}" if len(says) == 1 else f"{file}:")
        for each in says if len(says) > 1 else ():
            say(f"  {each}")


def warnings(report: "ImportReport") -> list[str]:
    """What makes the numbers mean less than they seem, and whether the lines meet the orders' own totals."""
    found = []
    orders, money = report.orders, report.money
    if orders.total and orders.guest == orders.total:
        found.append(f"All {orders.total:,} orders are guests': no column says who bought.")
    if money is not None and money.pending_orders:
        found.append(
            f"{money.pending_orders:,} orders of {money.pending} {report.currency} are not paid yet and do not count; "
            "`count_pending = true` under [collect] counts them."
        )
    if money is not None and money.checked:
        found.append(f"The lines meet the order's total for {money.met:,} of {money.checked:,} orders.")
        if money.unmet:
            found.append(f"  not for: {', '.join(money.unmet)}")
    return found


def _tell_money(money: "MoneyStory", currency: str, after: str) -> None:
    """From the goods to the revenue, as sums that add up."""
    steps = [
        ("goods before discounts", "", money.gross),
        ("discounts", "-", money.discounts),
        ("charged besides, such as postage", "+", money.charges),
        ("cancelled", "-", money.cancelled),
        ("returned", "-", money.returned),
    ]
    rows = [(label, f"{sign}{amount}".replace("--", "")) for label, sign, amount in steps if float(amount) or not sign]
    rows += [("counts as revenue", money.net), ("the whole shop, after this import", after)]
    tell_table(("money", currency), rows)
    if money.beside:
        told = ", ".join(f"{name.replace('_', ' ')} {amount}" for name, amount in money.beside.items())
        say(f"beside it, and no revenue: {told}")
    if money.taxed is not None:
        say("prices hold tax" if money.taxed else "prices are without tax")


def _minute(instant: str) -> str:
    """An instant of the report to the minute, in the shop's zone as it is."""
    return instant[:16].replace("T", " ").removesuffix(" 00:00")


def _tell_documents(report: "ImportReport") -> None:
    """What became of the orders, if any was there before; those that changed with their money."""
    found = report.documents
    if not found.same + found.completed + found.changed:
        return
    say()
    words = ("new", "same", "completed", "changed")
    tell_table(("orders in the ledger", "count"), [(word, getattr(found, word)) for word in words])
    if found.changed:
        say()
        rows = [(each.order, each.before, each.after) for each in found.examples]
        tell_table(("order that changed", "before", "after"), [*rows, ("all that changed", found.before, found.after)])


def tell_advice(report: "ImportReport") -> None:
    """What deserves a look after an import, on stderr."""
    for label, why in report.skipped:
        tell_story(f"{label} is left out: {why}")
    if report.shared_emails:
        tell_story(
            f"{report.shared_emails:,} e-mails of the customer file are another customer's already: these people stay "
            "apart, and orders by such an e-mail are of the first who had it. `volver know merge` makes two one person."
        )
    waiting = sum(report.rows.set_aside.values())
    if waiting:
        tell_story(f"{waiting:,} rows are set aside: see `volver collect set-aside`.")
