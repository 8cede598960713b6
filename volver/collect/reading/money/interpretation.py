"""The values that say what a file's money means: how a line's amount is made, and what the whole file adds up to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from volver.core import VolverError, Words

Sense = Literal["money", "piece", "fraction", "percent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """How amounts are made of a file's columns: the interpretation that was found, or asked for.

    `lines`: a line's money is quantity x `price`, or a `total` of its own; or its order's, counted once (`order`).
    `discount`: what a cell of the discount column without a percent sign means: money off the line, money off each
    piece, a fraction or a percentage. `is_before`: the total stands before the discount. `cost_of`: what a cost is for.
    `of_order`: fields whose money is the order's, on its first line or on each, and counts once. `taxed`: whether the
    lines' money holds tax; None if the file does not tell. `target` is the column by which orders are checked, and
    `terms` the fields that stand between it and the goods. `unread` columns hold money that is not read; `unseen` ones
    said nothing in the rows that were looked at. `asks` are questions that only a person can answer.
    """

    lines: Literal["price", "total", "order"] = "price"
    discount: Sense = "money"
    is_before: bool = False
    cost_of: Literal["unit", "line"] = "unit"
    of_order: frozenset[str] = frozenset()
    taxed: bool | None = None
    in_cents: bool = False
    target: str | None = None
    terms: frozenset[str] = frozenset()
    unread: tuple[str, ...] = ()
    unseen: frozenset[str] = frozenset()
    asks: tuple[VolverError, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileMoney:
    """What the money of one file means, and how far it adds up. `says` are sentences for people, the weightiest first.

    `lines` says what a line's money is: quantity x `price`, a `total` of its own, or the `order`'s. `taxed`: whether
    that holds tax; None if the file does not tell. `beside` is money that the file states and that is no revenue
    (shipping, tax, fee, tip, gift_card), as decimal texts. `checked` orders state what they came to and `met` of them
    agree; `unmet` are numbers of some that do not. `reading` holds what was decided, by name.
    """

    lines: Literal["price", "total", "order"] = "price"
    taxed: bool | None = None
    says: tuple[Words, ...] = ()
    beside: Mapping[str, str] = field(default_factory=dict)
    checked: int = 0
    met: int = 0
    unmet: tuple[str, ...] = ()
    reading: Mapping[str, str] = field(default_factory=dict)
