"""How many customers a group or a campaign won in the months that have costs, as the shop's first orders tell it."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from volver.collect import Cost
from volver.core import Words, folded
from volver.predict.money.first_orders import UNKNOWN, FirstOrders, Groups, distinct_counts
from volver.predict.numerics.arrays import Ints


class Winners:
    """Counts over one table of first orders. Names are compared without case, accents and spare blanks."""

    def __init__(self, firsts: FirstOrders, groups: Groups, held: Sequence[Cost]) -> None:
        self._firsts, self._groups = firsts, groups
        self.held = self._under_own_names(held)
        self._homes: dict[str, set[str]] = {}
        for each in self.held:
            if each.campaign:
                self._homes.setdefault(each.campaign, set()).add(each.group)

    def group(self, key: str, own: Sequence[Cost]) -> int:
        """Customers of one of the groups; of all months where a cost has no month, or there is none."""
        return self._in_months(self._groups.of == self._groups.keys.index(key), own)

    def small_group(self, name: str, own: Sequence[Cost]) -> int | None:
        """Customers of a group too small to be told alone; None where the shop knows nobody by this name."""
        names, place = self._names
        code = names.get(folded(name))
        return None if code is None else self._in_months(place == code, own)

    def campaign(self, key: str, name: str, own: Sequence[Cost]) -> int | None:
        """Customers whom a campaign won; None where the shop cannot tell.

        A campaign with costs in one group has all that it won; one in several has in each that group's customers.
        """
        names, place = self._campaigns
        code = names.get(folded(name))
        if code is None:
            return None
        inside = place == code
        if len(self._homes.get(name, ())) > 1:
            if key not in self._groups.keys:
                return None
            inside &= self._groups.of == self._groups.keys.index(key)
        return self._in_months(inside, own)

    def _in_months(self, inside: "np.ndarray[tuple[int], np.dtype[np.bool_]]", own: Sequence[Cost]) -> int:
        months = [each.month for each in own if each.month is not None]
        if not own or len(months) < len(own):
            return int(inside.sum())
        born = self._firsts.first_day[inside].astype("datetime64[M]")
        return int(np.isin(born, np.array(months, dtype="datetime64[M]")).sum())

    def _under_own_names(self, held: Sequence[Cost]) -> tuple[Cost, ...]:
        """Costs under the shop's own names, else under those that came first."""
        groups = {folded(key): key for key in reversed(self._groups.keys)}
        campaigns = {
            folded(name): name for name in distinct_counts(self._firsts.names["campaign"])[0] if name != UNKNOWN
        }
        return tuple(
            replace(
                each,
                group=groups.setdefault(folded(each.group), each.group),
                campaign=campaigns.setdefault(folded(each.campaign), each.campaign) if each.campaign else None,
            )
            for each in held
        )

    @cached_property
    def _names(self) -> tuple[dict[str, int], Ints]:
        return self._coded(self._groups.by.removeprefix("first-"))

    @cached_property
    def _campaigns(self) -> tuple[dict[str, int], Ints]:
        return self._coded("campaign")

    def _coded(self, field: str) -> tuple[dict[str, int], Ints]:
        known, place, _ = distinct_counts(self._firsts.names[field])
        codes: dict[str, int] = {}
        same = np.array([codes.setdefault(folded(name), n) for n, name in enumerate(known)], dtype=np.int64)
        return codes, same[place]


def differing(won: int | None, own: Sequence[Cost]) -> Words | None:
    """That the costs say another number of customers than the shop counts; None where they agree or one is silent."""
    said = told_customers(own)
    if won is None or said is None or said == won:
        return None
    return Words("the costs say {said} customers, the shop counts {won}", {"said": said, "won": won})


def told_customers(own: Sequence[Cost]) -> int | None:
    """How many customers the costs themselves say were won; None where one of them is silent."""
    counts = [each.customers for each in own]
    return None if not counts or None in counts else sum(each or 0 for each in counts)
