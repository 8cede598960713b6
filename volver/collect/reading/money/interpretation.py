"""The values that say what a file's money means: how a line's amount is made, and what the whole file adds up to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from volver.core import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """How amounts are made. `discount` says in what the discount column counts; `cost_of` for what the cost stands.

    `once_per_order`: the total is the order's and stands on each of its lines, so it counts on the first.
    """

    discount: Literal["money", "fraction", "percent"] = "money"
    cost_of: Literal["unit", "line"] = "unit"
    once_per_order: bool = False


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
