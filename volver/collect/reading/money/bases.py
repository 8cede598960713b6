"""What a line's money is, where a file has prices: quantity x price, the price alone, or a total of the line."""

from dataclasses import dataclass

import numpy as np

from volver.collect.reading.contents import Column
from volver.collect.reading.money.draft import Draft
from volver.collect.reading.money.reconcile import NEARLY_ALL, Explained, Term, constancy, explain, rates
from volver.collect.reading.money.roles import is_of
from volver.collect.reading.money.sample import Numbers
from volver.collect.reading.names import key, words
from volver.core import Words

_FEWEST_PAIRS = 5  # lines with one piece, and with several, before a price is doubted
_MANY_PAIRS = 20
_SURE = 1 / 3
_SOME = 0.1  # of the totals that are quantity x price to the cent: then the rest is billed at another price
_OF_PIECE = {"unit", "each", "piece", "unitario", "unitaria", "unidad", "stuck", "stueck", "einzelpreis", "unitaire"}
# Prices that are known to be the line's, beside a heading that only their platform writes.
_LINE_PRICES = (("itemprice", "amazonorderid"),)
_SAID = {"per-piece": Words("the price of a piece"), "per-line": Words("the money of all pieces")}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fit:
    """How a total of lines follows from a base."""

    total: Column
    per_line: bool
    found: Explained
    plain: float  # the share that is the base itself


def settle_base(draft: Draft) -> tuple[Numbers, Numbers | None]:
    """The lines' money before discounts, and after them where a total of the lines says it.

    Decides whether the price is a piece's or the line's, and which total is the line's. Other totals are an order's.
    """
    look = draft.look
    assert look.price is not None
    bases = {False: look.quantity * look.price, True: look.price}
    if not look.several_pieces or "unit_price" in look.given:
        del bases[True]
    fits = [_fit(draft, total, bases) for total in _of_lines(draft)]
    good = [fit for fit in fits if fit.found.share >= NEARLY_ALL]
    bare = [fit for fit in good if all(term.field == "discount" for term in fit.found.terms)]
    draft.totals = [c for c in look.roles.of("total") if look.is_of_order(c)]
    draft.totals += [fit.total for fit in good if fit not in bare]
    if len(bases) == 1:
        per_line = False
    elif good:
        per_line = (bare or good)[0].per_line
    else:
        per_line = _is_of_line(draft, bases)
    goods = bases[per_line]
    draft.explained |= {fit.total.name for fit in good}
    if per_line:
        draft.notes.append(
            Words("{column} is the money of all pieces of a line.", {"column": look.fields["unit_price"][0].name})
        )
        draft.lines, draft.fields["total"] = "total", draft.fields.pop("unit_price")
    if bare:
        return goods, _followed(draft, bare[0], goods)
    if "total" in look.given and look.fields.get("total"):
        draft.lines = "total"
        return goods, look.values(look.fields["total"][0])
    open_ones = [fit for fit in fits if fit not in good]
    return goods, _billed(draft, open_ones, goods) if not per_line else None


def _of_lines(draft: Draft) -> list[Column]:
    """The totals that may be the lines'."""
    look = draft.look
    if "total" in look.given:
        return list(look.fields.get("total", ()))
    has_quantity = bool(draft.fields.get("quantity"))
    return [c for c in look.roles.of("total") if not look.is_of_order(c) and (has_quantity or is_of(c) == "line")]


def _fit(draft: Draft, total: Column, bases: dict[bool, Numbers]) -> _Fit:
    look, target = draft.look, draft.look.values(total)
    tried = {}
    telling = look.quantity != 1 if len(bases) > 1 else np.ones(len(target), dtype=np.bool_)
    for per_line, base in bases.items():
        terms = [
            Term(field="discount", sign=-1, values=off, column="discount", sense=sense)
            for sense, off in look.discount(base).items()
        ]
        terms += [term for term in look.terms(per_order=False) if term.field != "refunded"]
        tried[per_line] = explain(np.where(telling, target, np.nan), base, terms)
    per_line = max(tried, key=lambda each: (tried[each].share, -len(tried[each].terms), not each))
    found, base = tried[per_line], bases[per_line]
    if not telling.all():
        whole = explain(target, base, list(found.terms))
        found = whole if whole.share >= NEARLY_ALL and found.share >= NEARLY_ALL else found
    return _Fit(total=total, per_line=per_line, found=found, plain=max(explain(target, base, ()).share, 0.0))


def _followed(draft: Draft, fit: _Fit, goods: Numbers) -> Numbers | None:
    """A total that follows: it is the line's money after its discount, or before it where it never takes it off."""
    draft.fields["total"] = (fit.total,)
    has_discount = any(np.any(off > 0) for off in draft.look.discount(goods).values())
    sense = fit.found.sense
    if sense is None and has_discount:
        draft.is_before = True
        draft.notes.append(
            Words("{column} stands before the discount, which is taken off it.", {"column": fit.total.name})
        )
        if draft.lines == "price":
            del draft.fields["total"]
        return None
    if sense is not None:
        draft.discount = sense  # type: ignore[assignment]
    return draft.look.values(fit.total)


def _billed(draft: Draft, fits: list[_Fit], goods: Numbers) -> Numbers | None:
    """A total of the lines that does not follow: billed at another price, taxed, or asked."""
    look = draft.look
    for fit in fits:
        name, target = fit.total.name, look.values(fit.total)
        rate = rates(target, goods)
        if rate is not None:
            draft.taxed = False
            draft.notes.append(
                Words(
                    "{column} is the goods and {rate} more: it holds the tax, which is no revenue.",
                    {"column": name, "rate": f"{rate:.1%}"},
                )
            )
            continue
        if is_of(fit.total) == "order":
            continue
        there = ~(np.isnan(target) | np.isnan(goods))
        gaps = np.round((target - goods)[there & (np.abs(target - goods) > 0.0101)], 2)
        few = len(gaps) >= 5 and len(np.unique(gaps)) <= max(2, 0.05 * len(gaps))
        below = float(np.mean(target[there] <= goods[there] * 1.001 + 0.011)) if there.any() else 0.0
        surely = fit.plain >= _SOME and (below >= 0.95 or not few)
        answer = draft.choose(
            name,
            {"price-counts": Words("quantity x price"), "total-counts": Words("the total as it stands")},
            {"price-counts": goods, "total-counts": target},
            "total-counts" if surely else None,
        )
        if answer == "total-counts":
            if fit.plain < NEARLY_ALL:
                draft.notes.append(
                    Words(
                        "{column} is not always quantity x price: what it says was billed, and counts.",
                        {"column": name},
                    )
                )
            draft.fields["total"], draft.lines = (fit.total,), "total"
            return target
        return None
    return None


def _is_of_line(draft: Draft, bases: dict[bool, Numbers]) -> bool:
    """Whether a price is all pieces' money: by the orders' totals, by the products' constant prices, by its name."""
    look = draft.look
    assert look.price is not None
    column = look.fields["unit_price"][0]
    money = {"per-piece": bases[False], "per-line": bases[True]}
    for answer in _SAID:
        if answer in look.answers:
            return answer == "per-line"
    told = _by_orders(draft, bases)
    if told is not None:
        return told
    pieces = np.where(look.quantity == 0, np.nan, look.quantity)
    winner = constancy(look.products, look.quantity, look.price, look.price / pieces).winner
    if winner >= 0:
        return bool(winner)
    headings = {key(c.name) for c in look.columns}
    if any(key(column.name) == name and beside in headings for name, beside in _LINE_PRICES):
        return True
    growth = _growth(look.quantity, look.price)
    if set(words(column.name)) & _OF_PIECE:
        return False
    if growth is None:
        draft.notes.append(
            Words(
                "Nothing tells whether {column} is the price of a piece or of all pieces: it is read as a piece's.",
                {"column": column.name},
            )
        )
        return False
    return draft.choose(column.name, _SAID, money, "per-line" if growth < _SURE else None) == "per-line"


def _by_orders(draft: Draft, bases: dict[bool, Numbers]) -> bool | None:
    """Which base the orders' totals or subtotals speak for; None if they do not."""
    look = draft.look
    share = dict.fromkeys(bases, 0.0)
    for total in draft.totals:
        target = look.sample.once(look.values(total))
        for per_line, base in bases.items():
            off = [
                Term(field="discount", sign=-1, values=look.sample.sums(each), column="discount", sense=sense)
                for sense, each in look.discount(base).items()
            ]
            off += [
                Term(field="order_discount", sign=-1, column=c.name,
                     values=look.sample.per_order(np.abs(look.values(c)), look.level(c)))
                for c in look.order_discounts
            ]  # fmt: skip
            terms = [*off, *look.terms(per_order=True)]
            found = explain(target, look.sample.sums(base), terms, look.sample.sizes)
            share[per_line] = max(share[per_line], found.share)
    best = max(share, key=lambda each: share[each])
    return best if share[best] >= 0.5 and share[best] > share[not best] else None


def _growth(quantity: Numbers, price: Numbers) -> float | None:
    """How a price varies once it is divided by the pieces, in parts of how it varies itself.

    None where it does not grow with the pieces, or too few rows tell.
    """
    there = (price > 0) & (quantity >= 1)
    few, many = price[there & (quantity == 1)], price[there & (quantity >= 2)]
    pairs = min(len(few), len(many))
    if pairs < _FEWEST_PAIRS or many.mean() < 1.2 * few.mean():
        return None
    alike = float(np.std(np.log(price[there] / quantity[there])) / np.std(np.log(price[there])))
    if alike >= 1 or many.mean() < 1.5 * few.mean():
        return None
    return alike if pairs >= _MANY_PAIRS else max(alike, _SURE)
