"""The report of an import in words: what came in, where the money went, what deserves a look."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from volver.core import E4, Words
from volver.ui.collect.vocabulary import BESIDE, reason_words

_STORY: Final = (
    ("gross", "", Words("Goods before discounts")),
    ("discounts", "−", Words("Discounts")),
    ("charges", "+", Words("Charged besides, such as postage")),
    ("cancelled", "−", Words("Cancelled")),
    ("returned", "−", Words("Returned")),
)

_DOCUMENTS: Final = {
    "new": "{n} new orders.",
    "same": "{n} orders as they were.",
    "completed": "{n} orders with more lines than before.",
    "changed": "{n} orders that say something else than before.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A line of the money story; `is_sum` for the last one."""

    sign: str
    label: Words
    amount_e4: int
    is_sum: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A report for the eyes: warnings first, then sentences, the money step by step, changed orders and reasons."""

    warnings: tuple[Words, ...]
    says: tuple[Words, ...]
    steps: tuple[Step, ...]
    beside: tuple[tuple[Words, int], ...]
    changed: tuple[tuple[str, int, int], ...]
    aside: tuple[tuple[Words, int], ...]
    n_aside: int


def e4_of(amount: str) -> int:
    """Ten-thousandths of a decimal text.

    >>> e4_of("-12.5")
    -125000
    """
    return int(Decimal(amount) * E4)


def told(report: Mapping[str, Any], *, is_trial: bool = False) -> Told:
    """A report of `ImportReport.to_json`; of a trial it says what would happen."""
    rows, money = report["rows"], report.get("money") or {}
    aside = {name: n for name, n in rows["set_aside"].items() if n}
    return Told(
        warnings=tuple(_warnings(report)),
        says=tuple(_sentences(report, is_trial)),
        steps=_steps(money),
        beside=tuple((BESIDE[name], e4_of(each)) for name, each in money.get("beside", {}).items() if name in BESIDE),
        changed=tuple(
            (each["order"], e4_of(each["before"]), e4_of(each["after"])) for each in report["documents"]["examples"]
        ),
        aside=tuple((reason_words(name), n) for name, n in sorted(aside.items(), key=lambda each: -each[1])),
        n_aside=sum(aside.values()),
    )


def _warnings(report: Mapping[str, Any]) -> Sequence[Words]:
    orders, money = report["orders"], report.get("money") or {}
    found: list[Words] = []
    if orders["total"] and orders["guest"] == orders["total"]:
        found.append(
            Words("All {n} orders are guests': no column says who bought, so nobody can be known by them.", _n(orders))
        )
    if money.get("pending_orders"):
        facts = {"n": money["pending_orders"], "pending_e4": e4_of(money["pending"])}
        found.append(Words("{n} orders of {pending_e4} are not paid yet and do not count as sales.", facts))
    checked, met = money.get("checked", 0), money.get("met", 0)
    if met < checked:
        facts = {"met": met, "checked": checked, "refs": ", ".join(money.get("unmet", ()))}
        found.append(Words("The lines meet the order's total for {met} of {checked} orders. Not for: {refs}.", facts))
    if report.get("shared_emails"):
        facts = {"n": report["shared_emails"]}
        found.append(Words("{n} e-mails belong to another customer already; these people stay apart.", facts))
    return found


def _sentences(report: Mapping[str, Any], is_trial: bool) -> Sequence[Words]:
    rows, documents, money = report["rows"], report["documents"], report.get("money") or {}
    facts = {"n": rows["read"], "added": rows["added"], "there": rows["already_there"]}
    if is_trial:
        read = Words("{n} rows, {added} of them new.", facts)
        here = Words("{there} rows are here already.", facts)
    else:
        read = Words("{n} rows, {added} of them new.", facts)
        here = Words("{there} rows were here already.", facts)
    found = [read, here] if rows["already_there"] else [read]
    found += [Words(text, {"n": documents[name]}) for name, text in _DOCUMENTS.items() if documents[name]]
    if report["customers"]:
        found.append(Words("{n} customers bought.", {"n": report["customers"]}))
    if documents["changed"]:
        ends = {"before_e4": e4_of(documents["before"]), "after_e4": e4_of(documents["after"])}
        found.append(Words("The changed orders were worth {before_e4} and are worth {after_e4}.", ends))
    if report.get("first_at") and report.get("last_at"):
        days = {"first": report["first_at"][:10], "last": report["last_at"][:10]}
        found.append(Words("From {first} to {last}.", days))
    if money.get("checked") and money["met"] == money["checked"]:
        found.append(Words("The lines meet the order's total in all {n} orders.", {"n": money["checked"]}))
    if money.get("taxed") is not None:
        found.append(Words("Prices include tax.") if money["taxed"] else Words("Prices are without tax."))
    if money:
        after = {"net_e4": e4_of(report["ledger_net_after"])}
        if is_trial:
            found.append(Words("The whole shop would then come to {net_e4}.", after))
        else:
            found.append(Words("The whole shop then comes to {net_e4}.", after))
    return found


def _steps(money: Mapping[str, Any]) -> tuple[Step, ...]:
    if not money:
        return ()
    found = [_step(sign, label, e4_of(money[name])) for name, sign, label in _STORY]
    kept = [each for each in found[1:] if each.amount_e4]
    net = Step(sign="=", label=Words("Counts as revenue"), amount_e4=e4_of(money["net"]), is_sum=True)
    return (found[0], *kept, net)


def _step(sign: str, label: Words, amount_e4: int) -> Step:
    """A step whose amount is not negative: what is taken off less than nothing is added."""
    if sign and amount_e4 < 0:
        return Step(sign="+" if sign == "−" else "−", label=label, amount_e4=-amount_e4)
    return Step(sign=sign, label=label, amount_e4=amount_e4)


def _n(orders: Mapping[str, Any]) -> dict[str, int]:
    return {"n": orders["total"]}
