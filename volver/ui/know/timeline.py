"""Everything that happened with a customer, as one story: orders, returns, browsing, messages, newest first."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from typing import Final

from volver.core import Words
from volver.know import CustomerProfile, Event, Order
from volver.ui.know.vocabulary import CHIPS, DOCUMENTS, EVENTS, LINE_KINDS, OTHER_EVENT, VISIT
from volver.ui.shared.looks import Look

SHOWN: Final = 20
_MORE: Final = 60
_FEWEST: Final = 3  # steps that are told as one visit
_MESSAGES: Final = ("message_sent", "message_opened", "message_clicked")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of an order: what, what became of it if not simply sold, how many, how much."""

    product: str
    kind: Words | None
    quantity_e4: int
    amount_e4: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One thing that happened. `marks` are remarks (undone, returned), `steps` and `gist` the parts of a visit."""

    kind: str
    look: Look
    ts_us: int
    day: date
    what: str
    amount_e4: int | None = None
    marks: tuple[Words, ...] = ()
    lines: tuple[Line, ...] = ()
    steps: tuple["Moment", ...] = ()
    gist: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """The moments of one kind (or all) by day, which kinds there are, and how many moments are not shown."""

    days: tuple[tuple[date, tuple[Moment, ...]], ...]
    kinds: tuple[str, ...]
    kind: str
    more: int
    next_shown: int


def story(profile: CustomerProfile, kind: str = "", shown: int = SHOWN) -> Story:
    """The story's newest `shown` moments; `kind` is order, return, browse, message, or empty for everything."""
    moments = [*(_order(each) for each in profile.history), *(_event(each) for each in profile.events)]
    kinds = tuple(name for name in CHIPS if any(each.kind == name for each in moments))
    kind = kind if kind in kinds else ""
    wanted = sorted((each for each in moments if kind in ("", each.kind)), key=lambda each: -each.ts_us)
    if not kind:
        wanted = _visits(wanted)
    return Story(
        days=tuple((day, tuple(group)) for day, group in groupby(wanted[:shown], key=lambda each: each.day)),
        kinds=kinds,
        kind=kind,
        more=max(0, len(wanted) - shown),
        next_shown=shown + _MORE,
    )


def _visits(moments: Iterable[Moment]) -> list[Moment]:
    """The same story with every run of browsing on a day told as one visit, its steps inside."""
    told: list[Moment] = []
    for (_, kind), group in groupby(moments, key=lambda each: (each.day, each.kind)):
        run = list(group)
        if kind != "browse" or len(run) < _FEWEST:
            told += run
        else:
            told.append(replace(run[0], look=VISIT, what="", steps=tuple(run), gist=_gist(run)))
    return told


def _gist(steps: list[Moment]) -> tuple[str, ...]:
    """What a visit was about, in the order it happened: the products, or the pages where there was none."""
    seen = list(dict.fromkeys(each.what for each in reversed(steps) if each.what))
    return tuple([each for each in seen if not each.startswith("/")] or seen)


def _order(order: Order) -> Moment:
    returned = order.doc != "sale" or (order.lines and all(each.kind in ("return", "cancel") for each in order.lines))
    look = DOCUMENTS.get(order.doc, DOCUMENTS["sale"])
    if order.doc == "sale" and returned:
        look = DOCUMENTS["return"]
    return Moment(
        kind="return" if returned else "order",
        look=look,
        ts_us=order.ts_us,
        day=order.day,
        what=order.ref,
        amount_e4=order.gross_e4 or sum(each.amount_e4 for each in order.lines),
        marks=tuple(_marks(order)),
        lines=tuple(
            Line(
                product=each.product,
                kind=None if each.kind == "sale" else LINE_KINDS.get(each.kind),
                quantity_e4=each.quantity_e4,
                amount_e4=each.amount_e4,
            )
            for each in order.lines
        ),
    )


def _marks(order: Order) -> Iterable[Words]:
    if order.doc != "sale":
        return
    if order.undone_day is not None:
        yield Words("undone on {undone_day}", {"undone_day": order.undone_day})
    elif order.returned_e4:
        yield Words("of which {returned_e4} came back", {"returned_e4": -order.returned_e4})


def _event(event: Event) -> Moment:
    return Moment(
        kind="message" if event.kind in _MESSAGES else "return" if event.kind == "return_requested" else "browse",
        look=EVENTS.get(event.kind, OTHER_EVENT),
        ts_us=event.ts_us,
        day=event.day,
        what=event.product or event.text or "",
    )
