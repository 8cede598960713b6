"""The shapes of what know answers over the API. Money is a decimal text in the shop's currency."""

from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from volver.core import Reply

Money = Annotated[str, Meta(description="A decimal in the shop's currency, exact.")]
Share = Annotated[float, Meta(description="Between 0 and 1.")]


class CustomerInList(Reply):
    """A customer; None is what is not known."""

    customer_id: int
    ref: str
    name: str | None
    email: str | None
    stage: str
    orders: int
    net: Money
    last_day: date
    p_alive: Share | None
    p_buy_90d: Share | None
    value: Money | None
    value_low: Money | None
    value_high: Money | None


class CustomerList(Reply):
    """A page of customers, and how many there are in all."""

    total: int
    currency: str
    customers: list[CustomerInList]


class SegmentOfCustomer(Reply):
    """A segment that a customer is in, and why."""

    key: str
    label: str
    reason: str


class PublishedScores(Reply):
    """What is foreseen of a customer over 365 days, with the 90 % interval."""

    p_alive: Share
    value: Money
    value_low: Money
    value_high: Money
    orders_365d: float
    next_from_day: date | None
    next_to_day: date | None
    p_buy_30d: Share | None
    p_buy_90d: Share | None


class SpentOn(Reply):
    """A product or a category, and what a customer spent on it."""

    name: str
    net: Money
    units: float


class LineOfOrder(Reply):
    """A line of an order as the ledger holds it."""

    product_id: int | None
    product: str
    kind: str
    quantity: float
    amount: Money


class OrderOfCustomer(Reply):
    """An order, a return or a cancellation; `is_order` is false for what never counted."""

    ref: str
    doc: str
    ts_us: int
    day: date
    is_order: bool
    undone_day: date | None
    gross: Money
    returned: Money
    net: Money
    lines: list[LineOfOrder]


class EventOfCustomer(Reply):
    """Something other than an order."""

    kind: str
    ts_us: int
    day: date
    product: str | None
    text: str | None


class Customer(Reply):
    """Everything known of one customer; orders and events are newest first, at most 200 each."""

    customer_id: int
    ref: str
    name: str | None
    email: str | None
    city: str | None
    country: str | None
    channel: str | None
    campaign: str | None
    at: date
    orders: int
    net: Money
    margin: Money
    aov: Money
    first_day: date
    last_day: date
    usual_gap_days: float | None
    days_since: int
    discount_share: Share
    returned_share: float
    stage: str
    stage_reason: str
    stage_since: date
    segments: list[SegmentOfCustomer]
    scores: PublishedScores | None
    top_products: list[SpentOn]
    top_categories: list[SpentOn]
    order_days: list[date]
    history: list[OrderOfCustomer]
    events: list[EventOfCustomer]
    currency: str


class Segment(Reply):
    """A segment: its rule in words, who is in it; where data is missing, what it waits for."""

    key: str
    label: str
    rule: str
    members: int | None
    share: Share | None
    net: Money | None
    value: Money | None
    waiting_for: str | None


class OwnSegment(Reply):
    """A segment that somebody saved; its key stands wherever a segment is asked for."""

    key: str
    name: str
    kind: Annotated[str, Meta(description="How its rule is meant; a filter so far.")]
    rule: str


class CountedSegment(OwnSegment):
    """A saved segment, and who is in it."""

    members: int
    share: Share | None
    net: Money
    value: Money | None


class SegmentList(Reply):
    """Every built-in segment, one per stage at the end; then those that were saved."""

    segments: list[Segment]
    saved: list[CountedSegment]


class SegmentToSave(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The name of a segment to save, and who is in it: a stage, a segment, or both at once."""

    name: str
    stage: str | None = None
    segment: str | None = None


class SegmentName(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Another name for a saved segment."""

    name: str


class Stage(Reply):
    """How many customers are in a stage, what they spent, what they should bring."""

    stage: str
    label: str
    says: str
    customers: int
    share: Share | None
    net: Money
    value: Money | None


class Move(Reply):
    """Customers who were in one stage then and are in another now; None: not yet a customer."""

    was: str | None
    now: str
    customers: int


class Stages(Reply):
    """Stages as of a day, and the moves since an earlier one."""

    at: date | None
    since: date | None
    stages: list[Stage]
    moves: list[Move]


class Period(Reply):
    """Key figures of a day, a week or a month; a ratio is None where nothing is to be divided."""

    start: date
    orders: int
    net: Money
    gross: Money
    returned: Money
    margin: Money
    customers: int
    new_customers: int
    returning_customers: int
    guest_orders: int
    aov: Money | None
    repeat_rate: float | None
    frequency: float | None
    returns_rate: float | None


class KeyFigures(Reply):
    """Key figures by period, oldest first, none left out."""

    by: str
    currency: str
    periods: list[Period]


class MonthlyCohort(Reply):
    """First-time buyers of a month: by month since, the share who ordered and the net spent per buyer so far."""

    month: str
    first_day: date
    buyers: int
    retention: list[Share]
    value: list[Money]


class Cohorts(Reply):
    """Cohorts, oldest first; `partial_month` is not over yet."""

    at: date | None
    partial_month: str | None
    cohorts: list[MonthlyCohort]


class DataHealth(Reply):
    """Is the data sound? Counts of the ledger; shares are None for an empty shop."""

    first_day: date | None
    last_day: date | None
    lines: int
    orders: int
    customers: int
    set_aside: int
    guest_share: Share | None
    unmatched_returns: int
    unknown_cost_share: Share | None
    events: int
    scored: int
    says: list[str]
