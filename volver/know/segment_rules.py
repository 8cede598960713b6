"""The built-in segments: rules relative to the shop, in words with the shop's own thresholds."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from volver.core import VolverError, Words
from volver.know.answers import STAGES, Membership, SegmentSummary
from volver.know.as_of import as_of
from volver.know.settings import KnowSettings
from volver.know.words import STAGE_LABELS, STAGE_SAYS, stage_reason
from volver.store import Shop

if TYPE_CHECKING:
    import pyarrow as pa

Facts = dict[str, Any]


class UnknownSegment(VolverError):
    """No stage or segment has this name."""

    code = "know.unknown_segment"
    says = "There is no stage or segment called {segment}."
    hint = "`volver know segments` lists them."


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A built-in segment: its bit in `facts.segments`, and how it is told. `why` gives a member's reason."""

    key: str
    bit: int
    label: Words
    rule: Callable[[Facts, KnowSettings], Words]
    why: Callable[[Facts], Words]


def _percent(quantile: float) -> int:
    return max(1, round((1 - quantile) * 100))


def _orders(fact: Facts) -> Words:
    return Words("{n} orders", {"n": int(fact["orders"])})


def _spent(fact: Facts) -> Words:
    return Words("spent {net_e4} in {n} orders", {"net_e4": int(fact["net_e4"]), "n": int(fact["orders"])})


def _top_rule(text: str, quantile: str, threshold: str) -> Callable[[Facts, KnowSettings], Words]:
    def rule(usual: Facts, settings: KnowSettings) -> Words:
        share = _percent(getattr(settings, quantile))
        if usual[threshold] is None:
            return Words("Top {percent} %; so far nobody stands out", {"percent": share})
        return Words(text, {"percent": share, "from_e4" if threshold.endswith("_e4") else "n": int(usual[threshold])})

    return rule


SEGMENTS: Final = (
    Segment(
        key="first-time",
        bit=1,
        label=Words("First-time buyers"),
        rule=lambda _usual, _settings: Words("Exactly one order so far"),
        why=lambda _fact: Words("one order so far"),
    ),
    Segment(
        key="repeat",
        bit=2,
        label=Words("Repeat buyers"),
        rule=lambda _usual, _settings: Words("Two orders or more"),
        why=_orders,
    ),
    Segment(
        key="big-spenders",
        bit=4,
        label=Words("Big spenders"),
        rule=_top_rule("Top {percent} % by net spend: {from_e4} or more", "big_spender_quantile", "big_net_e4"),
        why=_spent,
    ),
    Segment(
        key="high-aov",
        bit=8,
        label=Words("High order value"),
        rule=_top_rule("Top {percent} % by average order: {from_e4} or more", "high_aov_quantile", "high_aov_e4"),
        why=lambda fact: Words("{aov_e4} an order on average", {"aov_e4": int(fact["aov_e4"])}),
    ),
    Segment(
        key="full-price",
        bit=16,
        label=Words("Full-price buyers"),
        rule=lambda _usual, _settings: Words("Two orders or more, none with a discount"),
        why=lambda fact: Words("{n} orders without a discount", {"n": int(fact["orders"])}),
    ),
    Segment(
        key="discount",
        bit=32,
        label=Words("Discount buyers"),
        rule=lambda _usual, settings: Words(
            "A discount in {share} of their orders or more", {"share": settings.discount_share}
        ),
        why=lambda fact: Words("a discount in {share} of orders", {"share": float(fact["discount_share"])}),
    ),
    Segment(
        key="cart-abandoners",
        bit=64,
        label=Words("Cart abandoners"),
        rule=lambda _usual, _settings: Words("Filled a cart in the last 30 days and did not order since"),
        why=lambda _fact: Words("a cart newer than the last order"),
    ),
    Segment(
        key="vip",
        bit=128,
        label=Words("VIP"),
        rule=_top_rule(
            "Top {percent} % by net spend ({from_e4} or more) and on time", "vip_value_quantile", "vip_net_e4"
        ),
        why=_spent,
    ),
    Segment(
        key="loyal",
        bit=256,
        label=Words("Loyal"),
        rule=_top_rule(
            "Top {percent} % of repeat buyers by orders ({n} or more) and on time",
            "loyal_orders_quantile",
            "loyal_orders",
        ),
        why=_orders,
    ),
)
BITS: Final = {each.key: each.bit for each in SEGMENTS}
_NEEDS_EVENTS = Words("cart events (cart_added, checkout_started)")
_NEEDS_DISCOUNTS = Words("discounts in the order lines")


def segments(shop: Shop, at: date | None = None) -> tuple[SegmentSummary, ...]:
    """Every built-in segment as of a day (None: the last refresh), then one per stage.

    A segment that waits for data has None for its numbers and says what it waits for.
    """
    with as_of(shop, at) as here:
        counts = here.rows("segment_counts")
        usual = here.usual()
        stages = {row["stage"]: row for row in here.rows("stage_counts")}
        has_carts = bool(here.rows("carts_seen", until=here.at)[0]["carts"])
    everyone = sum(int(row["customers"]) for row in counts)
    found = [_built_in(each, counts, usual, shop.settings.of(KnowSettings), everyone, has_carts) for each in SEGMENTS]
    for stage in STAGES:
        rows = [stages[stage]] if stage in stages else []
        numbers = _numbers(rows, everyone)
        found.append(SegmentSummary(key=stage, label=STAGE_LABELS[stage], rule=STAGE_SAYS[stage], **numbers))
    return tuple(found)


def named_segments(bits: "pa.ChunkedArray") -> "pa.Array":
    """The keys of the built-in segments that the bits of `facts.segments` say, a list for each customer."""
    import pyarrow as pa

    held = bits.combine_chunks().dictionary_encode()
    keys = [[each.key for each in SEGMENTS if int(one or 0) & each.bit] for one in held.dictionary.to_pylist()]
    return pa.array(keys, pa.list_(pa.string())).take(held.indices)


def memberships(fact: Facts) -> tuple[Membership, ...]:
    """The segments that a customer is in, with reasons; the stage comes first."""
    stage = str(fact["stage"])
    own = Membership(key=stage, label=STAGE_LABELS[stage], reason=stage_reason(fact))
    inside = (each for each in SEGMENTS if int(fact["segments"]) & each.bit)
    return (own, *(Membership(key=each.key, label=each.label, reason=each.why(fact)) for each in inside))


def _built_in(
    segment: Segment, counts: list[Facts], usual: Facts, settings: KnowSettings, everyone: int, has_carts: bool
) -> SegmentSummary:
    waiting = None
    if segment.key == "cart-abandoners" and not has_carts:
        waiting = _NEEDS_EVENTS
    elif segment.key in ("full-price", "discount") and not usual["discounted_orders"]:
        waiting = _NEEDS_DISCOUNTS
    rows = [] if waiting else [row for row in counts if int(row["segments"]) & segment.bit]
    numbers = _numbers(rows, everyone, waiting)
    return SegmentSummary(key=segment.key, label=segment.label, rule=segment.rule(usual, settings), **numbers)


def _numbers(rows: list[Facts], everyone: int, waiting: Words | None = None) -> dict[str, Any]:
    if waiting is not None:
        return {"members": None, "share": None, "net_e4": None, "value_e4": None, "waiting_for": waiting}
    members = sum(int(row["customers"]) for row in rows)
    scored = any(row["scored"] for row in rows)
    return {
        "members": members,
        "share": members / everyone if everyone else None,
        "net_e4": sum(int(row["net_e4"]) for row in rows),
        "value_e4": sum(int(row["value_e4"] or 0) for row in rows) if scored else None,
        "waiting_for": None,
    }
