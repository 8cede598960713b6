"""What the know room answers: frozen values, money in ten-thousandths, days in the shop's zone.

None means that Volver does not know; it is never a zero.
"""

from dataclasses import dataclass
from datetime import date

from volver.core import Words
from volver.know.shop_day import Today

STAGES = ("new", "growing", "champion", "slipping", "sleeping", "lost")


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerRow:
    """A customer in a list."""

    customer_id: int
    ref: str
    name: str | None
    email: str | None
    stage: str
    orders: int
    net_e4: int
    last_day: date
    p_alive: float | None
    p_buy_90d: float | None
    value_e4: int | None
    value_low_e4: int | None
    value_high_e4: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomersPage:
    """A page of customers and how many there are in all."""

    total: int
    rows: tuple[CustomerRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """A line of an order as the ledger holds it; `quantity_e4` in ten-thousandths of a unit."""

    product_id: int | None
    product: str
    kind: str
    quantity_e4: int
    amount_e4: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A document of a customer: an order, a return or a cancellation. `is_order` is False for what never counted."""

    ref: str
    doc: str
    ts_us: int
    day: date
    is_order: bool
    undone_day: date | None
    gross_e4: int
    returned_e4: int
    net_e4: int
    lines: tuple[OrderLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something other than an order that happened with a customer."""

    kind: str
    ts_us: int
    day: date
    product: str | None
    text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """A segment that a customer is in, and why."""

    key: str
    label: Words
    reason: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A product or a category and what a customer spent on it."""

    name: str
    net_e4: int
    units_e4: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """What the predict room published for a customer: value over 365 days with its 90 % interval."""

    p_alive: float
    value_e4: int
    value_low_e4: int
    value_high_e4: int
    orders_365d: float
    next_from_day: date | None
    next_to_day: date | None
    p_buy_30d: float | None
    p_buy_90d: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerProfile:
    """Everything known of one customer. Orders and events are newest first, at most 200 each.

    `order_days` are all days with an order, the oldest first.
    """

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
    net_e4: int
    margin_e4: int
    aov_e4: int
    first_day: date
    last_day: date
    usual_gap_days: float | None
    days_since: int
    discount_share: float
    returned_share: float
    stage: str
    stage_reason: Words
    stage_since: date
    segments: tuple[Membership, ...]
    scores: Scores | None
    top_products: tuple[Share, ...]
    top_categories: tuple[Share, ...]
    order_days: tuple[date, ...]
    history: tuple[Order, ...]
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentSummary:
    """A built-in segment: its rule in words with this shop's thresholds, and who is in it."""

    key: str
    label: Words
    rule: Words
    members: int | None
    share: float | None
    net_e4: int | None
    value_e4: int | None
    waiting_for: Words | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedSummary:
    """A segment that somebody saved: its name, how its rule is meant (`kind`) and told, and who is in it."""

    key: str
    name: str
    kind: str
    rule: Words
    members: int
    share: float | None
    net_e4: int
    value_e4: int | None

    @property
    def label(self) -> str:
        """Its name, as built-in segments have a label."""
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class StageCount:
    """How many customers are in a stage, what they spent and what they should bring."""

    stage: str
    label: Words
    says: Words
    customers: int
    share: float | None
    net_e4: int
    value_e4: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StageMove:
    """Customers who were in one stage then and are in another now; None then: not yet a customer."""

    was: str | None
    now: str
    customers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StageReport:
    """Stages as of a day, and the moves since an earlier one (empty when none was asked)."""

    at: date | None
    since: date | None
    stages: tuple[StageCount, ...]
    moves: tuple[StageMove, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """First-time buyers of a month: per month since, the share who ordered and the net spent per buyer so far."""

    month: str
    first_day: date
    buyers: int
    retention: tuple[float, ...]
    value_e4: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortReport:
    """Cohorts, oldest first; a month that is not over yet is the last of each row and marked by `partial_month`."""

    at: date | None
    partial_month: str | None
    cohorts: tuple[Cohort, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Todo:
    """Something to look at today: what, why, what it is worth (net or expected), and who.

    `stage` and `segment` together choose exactly the `customers` that are counted; an empty one chooses nobody out.
    """

    key: str
    title: Words
    reason: Words
    worth_e4: int | None
    customers: int
    stage: str
    segment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Is the data sound? Counts are of ledger documents and lines; shares are None for an empty shop."""

    first_day: date | None
    last_day: date | None
    lines: int
    orders: int
    customers: int
    set_aside: int
    guest_share: float | None
    unmatched_returns: int
    unknown_cost_share: float | None
    events: int
    scored: int
    says: tuple[Words, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeReport:
    """The shop today: the last 30 days against the 30 before, the last 365 against the 365 before, what to look at.

    `at` is the day of the last refresh; `today` says which day it is by now and why. None of both: nothing was ordered.
    """

    at: date | None
    revenue_30d_e4: int | None
    revenue_before_e4: int | None
    orders_30d: int | None
    orders_before: int | None
    new_customers_30d: int | None
    revenue_365d_e4: int | None
    revenue_365d_before_e4: int | None
    value_e4: int | None
    todos: tuple[Todo, ...]
    months: tuple[str, ...]
    months_net_e4: tuple[int, ...]
    today: Today | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowReport:
    """What a refresh rebuilt."""

    at: date | None
    customers: int
    orders: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """One customer who was made part of another; `undone_us` is None while that stands."""

    from_id: int
    into_id: int
    reason: str
    source: str
    made_us: int
    undone_us: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeReport:
    """A person: the customer who stands for it, all its numbers (its own first), and how they came together."""

    customer_id: int
    numbers: tuple[int, ...]
    merges: tuple[Merged, ...]
