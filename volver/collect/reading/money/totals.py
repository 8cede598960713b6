"""What a line's money is where a file has no prices: a total of the line, or the order's own, counted once."""

import numpy as np

from volver.collect.reading.contents import Column
from volver.collect.reading.money.draft import Draft
from volver.collect.reading.money.reconcile import NEARLY_ALL, Explained, Term, explain
from volver.collect.reading.money.roles import is_of, is_subtotal
from volver.collect.reading.money.sample import Numbers
from volver.collect.reading.names import words
from volver.core import Words

_WITH, _WITHOUT = {"inc", "incl", "with", "con", "ttc"}, {"ex", "excl", "without", "sin", "ht"}
_FEWEST_ORDERS = 3  # with several lines that all say the same, before it is asked whose money that is


def settle_total(draft: Draft) -> tuple[Numbers, Numbers | None]:
    """The money before discounts, and after them where a total is known to be so."""
    look = draft.look
    totals = list(look.fields.get("total", ())) if "total" in look.given else list(look.roles.of("total"))
    of_lines = [c for c in totals if not look.is_of_order(c)]
    of_orders = [c for c in totals if look.is_of_order(c)]
    draft.totals = of_orders
    one_row_each = bool((look.sample.sizes == 1).all())
    if of_lines and not (one_row_each and of_orders):
        goods, after = _of_lines(draft, of_lines)
    else:
        goods, after = _of_orders(draft, totals)
    column = draft.fields["total"][0]
    draft.totals = [each for each in draft.totals if each is not column]
    if look.is_open(column) and (look.sample.sizes > 1).sum() >= _FEWEST_ORDERS and "total" not in look.given:
        _whose(draft, column, goods)
    return goods, after


def _of_lines(draft: Draft, totals: list[Column]) -> tuple[Numbers, Numbers | None]:
    """The best named total of lines; a second one that is less by the discount says that it stands after it."""
    look, column = draft.look, totals[0]
    draft.lines, draft.fields["total"] = "total", (column,)
    if is_subtotal(column) and len(totals) > 1 and not is_subtotal(totals[1]) and is_of(column) == is_of(totals[1]):
        column = totals[1]
        draft.fields["total"] = (column,)
    for other in totals:
        if other is column:
            continue
        found = _between(draft, look.values(column), look.values(other), per_order=False)
        if found.share >= NEARLY_ALL and all(term.field == "discount" for term in found.terms):
            draft.explained.add(other.name)
            if found.terms:
                draft.discount = found.sense or draft.discount  # type: ignore[assignment]
                return look.values(other), look.values(column)
        elif found.share >= NEARLY_ALL:
            draft.explained.add(other.name)
    return look.values(column), None


def _of_orders(draft: Draft, totals: list[Column]) -> tuple[Numbers, Numbers | None]:
    """The goods of an order where a subtotal says them and the order's total follows; else the order's total."""
    look = draft.look
    subtotals = [c for c in totals if is_subtotal(c)]
    wholes = [c for c in totals if not is_subtotal(c)]
    column = (wholes or totals)[0]
    draft.lines = "order" if look.is_of_order(column) else "total"
    for whole in wholes:
        for subtotal in (*subtotals, *(c for c in wholes if c is not whole)):
            target = look.sample.once(look.values(whole))
            found = _between(draft, target, look.sample.once(look.values(subtotal)), per_order=True)
            if found.share < NEARLY_ALL or (subtotal in wholes and {term.field for term in found.terms} <= {"tax"}):
                continue
            draft.totals = [each for each in (whole, *draft.totals) if each is not subtotal]
            draft.fields["total"] = (subtotal,)
            draft.lines = "order" if look.is_of_order(subtotal) else "total"
            draft.accept(whole, found)
            draft.notes.append(
                Words(
                    "{column} follows from {other}, which counts as the order's goods.",
                    {"column": whole.name, "other": subtotal.name},
                )
            )
            goods = look.values(subtotal)
            if found.has("discount") or found.has("order_discount"):
                return goods, None
            return goods, goods
    if (alone := _goods_alone(draft, column, subtotals)) is not None:
        return alone, alone
    draft.fields["total"] = (column,)
    taxes = [c for c in look.roles.of("tax") if np.any(np.nan_to_num(look.values(c)))]
    draft.taxed = True if taxes and draft.taxed is None else draft.taxed
    return look.values(column), look.values(column)


def _goods_alone(draft: Draft, whole: Column, subtotals: list[Column]) -> Numbers | None:
    """The subtotal where a total is more by what no column says, such as postage; on the total's own base of tax.

    None where there is none, or where a discount may stand between the two.
    """
    look = draft.look
    if not subtotals or look.order_discounts or look.line_discounts:
        return None
    said = set(words(whole.name)) & (_WITH | _WITHOUT)
    column = max(subtotals, key=lambda each: len(set(words(each.name)) & said))
    target, base = look.values(whole), look.values(column)
    there = ~(np.isnan(target) | np.isnan(base))
    if whole is column or not there.any() or np.mean(target[there] >= base[there] - 0.011) < NEARLY_ALL:
        return None
    if not np.any(target[there] > base[there] + 0.011):
        return None
    draft.fields["total"] = (column,)
    draft.lines = "order" if look.is_of_order(column) else "total"
    draft.explained |= {each.name for each in (whole, *subtotals)}
    if marks := set(words(column.name)) & (_WITH | _WITHOUT):
        draft.taxed = bool(marks & _WITH)
    draft.notes.append(
        Words(
            "{column} is more than {other} by what no column says, such as shipping: {other} counts.",
            {"column": whole.name, "other": column.name},
        )
    )
    return base


def _between(draft: Draft, target: Numbers, base: Numbers, *, per_order: bool) -> Explained:
    """How a target follows from a base, by discounts and what stands beside the goods."""
    look, n = draft.look, len(base)
    terms = []
    for sense, off in ({} if per_order else look.discount(look.values(draft.fields["total"][0]))).items():
        terms.append(Term(field="discount", sign=-1, values=off, column="discount", sense=sense))
    for column in (*look.order_discounts, *(look.line_discounts if per_order else ())):
        values = np.abs(look.values(column))
        values = look.sample.per_order(values, look.level(column)) if per_order else np.nan_to_num(values)
        terms.append(Term(field="order_discount", sign=-1, values=values, column=column.name, sense="money"))
    terms += look.terms(per_order=per_order)
    return explain(target, base, terms, look.sample.sizes if len(target) == look.sample.n_orders == n else None)


def _whose(draft: Draft, column: Column, goods: Numbers) -> None:
    """Ask whether a total that is the same on all lines of every order is each line's, or the order's."""
    look = draft.look
    once = look.sample.per_order(goods, "order")
    answers = {
        "total-per-line": Words("counting it on each line"),
        "total-per-order": Words("counting it once per order"),
    }
    money = {"total-per-line": goods, "total-per-order": once}
    if draft.choose(column.name, answers, money, None) == "total-per-order":
        draft.lines = "order"
