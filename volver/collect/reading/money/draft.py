"""An interpretation in the making: what the search has decided so far, said and asked."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from volver.collect.reading.contents import Column
from volver.collect.reading.money.asks import AmbiguousMoney
from volver.collect.reading.money.interpretation import Money, Sense
from volver.collect.reading.money.look import Look
from volver.collect.reading.money.reconcile import Explained, explain
from volver.collect.reading.money.roles import BESIDE, DISCOUNTS, UNDONE
from volver.collect.reading.money.sample import Numbers
from volver.core import Words

Key = TypeVar("Key", bound=Hashable)
_HALF = 0.5  # fewer orders than this come to their total: then it is the total of something else
_MOST_LOST = 0.2


@dataclass
class Draft:
    """What is decided so far. `goods` are the lines' money before discounts, `net` after them."""

    look: Look
    fields: dict[str, tuple[Column, ...]]
    lines: str = "price"
    discount: Sense = "money"
    is_before: bool = False
    taxed: bool | None = None
    target: str | None = None
    terms: frozenset[str] = frozenset()
    of_order: set[str] = field(default_factory=set)
    beside: dict[str, tuple[Column, ...]] = field(default_factory=dict)
    explained: set[str] = field(default_factory=set)  # columns that say what others say already
    totals: list[Column] = field(default_factory=list)
    notes: list[Words] = field(default_factory=list)
    asks: list[AmbiguousMoney] = field(default_factory=list)

    def choose(self, column: str, said: Mapping[str, Words], money: Mapping[str, Numbers], prior: str | None) -> str:
        """One of two answers: the person's, else the `prior`; without one it is asked if it makes a difference.

        `said` goes from answer to the words that a person reads, `money` to what it would bring.
        """
        for answer in said:
            if answer in self.look.answers:
                return answer
        if prior is not None:
            return prior
        (one, first), (other, second) = ((each, float(np.nansum(money[each]))) for each in said)
        if abs(first - second) > 0.005:
            self.asks.append(
                AmbiguousMoney(
                    column=column, one=said[one], one_money=f"{first:,.2f}", one_answer=one,
                    other=said[other], other_money=f"{second:,.2f}", other_answer=other,
                )
            )  # fmt: skip
        return one

    def by_total(self, nets: Mapping[Key, Numbers], prior: Key) -> Key | None:
        """The net of each order under which an order's total is met by most; None if no total tells.

        Another reading than the `prior` wins only where nearly all orders in which they differ are for it.
        """
        best: tuple[float, Column, dict[Key, Explained]] | None = None
        for column in self.totals:
            target = self.look.sample.once(self.look.values(column))
            terms = self.look.terms(per_order=True)
            tried = {key: explain(target, net, terms, self.look.sample.sizes) for key, net in nets.items()}
            share = max(each.share for each in tried.values())
            if share >= _HALF and (best is None or share > best[0]):
                best = (share, column, tried)
        if best is None:
            return None
        _, column, tried = best
        chosen = max(tried, key=lambda key: (tried[key].share, key == prior))
        if chosen != prior and prior in tried:
            differ = np.abs(nets[chosen] - nets[prior]) > 0.005
            n = int(differ.sum())
            lost = int((tried[prior].met & differ).sum())
            if n and lost > _MOST_LOST * n:
                chosen = prior
        self.accept(column, tried[chosen])
        return chosen

    def accept(self, column: Column, found: Explained) -> None:
        """Take a total as what orders are checked by."""
        self.target = column.name
        self.fields["order_total"] = (column,)
        self.terms = frozenset(term.field for term in found.terms)
        named = {term.column for term in found.terms}
        for name in self.terms & set(BESIDE):
            self.beside[name] = tuple(c for c in self.look.apart(name) if c.name in named)
        taxes = [each for each in self.look.terms(per_order=True) if each.field == "tax" and np.any(each.values)]
        if taxes:
            self.taxed = not found.has("tax")

    def done(self, cost_of: str, in_cents: bool) -> Money:
        """The interpretation."""
        used = self.explained | {column.name for each in self.fields.values() for column in each}
        stated = [c for field in self.look.roles.by_field for c in self.look.roles.of(field) if any(c.numbers)]
        unread = [c.name for c in stated if c.name not in used]
        sample = self.look.sample
        apart = [c for field in (*DISCOUNTS, *UNDONE, *BESIDE) for c in self.look.roles.of(field)]
        unseen = frozenset(c.name for c in apart if sample.level(self.look.values(c)) in (None, "once"))
        return Money(
            lines=self.lines,  # type: ignore[arg-type]
            discount=self.discount,
            is_before=self.is_before,
            cost_of=cost_of,  # type: ignore[arg-type]
            of_order=frozenset(self.of_order),
            taxed=self.taxed,
            in_cents=in_cents,
            target=self.target,
            terms=self.terms,
            unread=tuple(dict.fromkeys(unread)),
            unseen=unseen,
            asks=tuple(self.asks),
        )
