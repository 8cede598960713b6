"""The know room's rules once more, in plain Python, line by line and without SQL."""

from collections import defaultdict
from dataclasses import dataclass, field
from math import ceil, floor, inf

from tests.world import Line

REVENUE = ("sale", "return", "cancel", "shipping_or_fee")


@dataclass
class Doc:
    customer: int | None
    ts: int
    day: int
    sells: bool = False
    sale: int = 0
    gross: int = 0
    returned: int = 0
    soon: int = 0
    units: int = 0
    soon_units: int = 0
    unmatched: int = 0
    is_order: bool = False
    lines: list[Line] = field(default_factory=list)


def documents(lines: list[Line], within_us: int = 86_400_000_000) -> dict[str, Doc]:
    """Every document with its money, returns moved to the sale they undo."""
    own: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        if line.kind in REVENUE:
            own[line.order].append(line)
    docs = {}
    for ref, held in own.items():
        sales = [line for line in held if line.kind == "sale"]
        first = min(sales or held, key=lambda line: line.ts_us)
        customer = max((line.customer for line in held if line.customer is not None), default=None)
        docs[ref] = Doc(customer=customer, ts=first.ts_us, day=first.day, sells=bool(sales), lines=held)
    for ref, held in own.items():
        for line in held:
            if line.kind in ("sale", "shipping_or_fee"):
                docs[ref].gross += line.amount_e4
                docs[ref].sale += line.amount_e4 if line.kind == "sale" else 0
                docs[ref].units += line.quantity if line.kind == "sale" else 0
                continue
            home = _home(line, own, docs)
            target = docs[home or ref]
            target.returned += line.amount_e4
            target.unmatched += home is None
            undoes = home is not None or line.customer is None
            if undoes and line.ts_us - target.ts <= within_us:
                target.soon += line.amount_e4
                target.soon_units += line.quantity
    for doc in docs.values():
        undone = (doc.soon < 0 and doc.sale + doc.soon <= 0) or (doc.soon_units < 0 and doc.units + doc.soon_units <= 0)
        doc.is_order = doc.sells and not undone and (doc.customer is not None or doc.gross > 0)
    return docs


def _home(line: Line, own: dict[str, list[Line]], docs: dict[str, Doc]) -> str | None:
    if line.customer is None or line.product is None:
        return None
    sold = {}
    for ref, held in own.items():
        times = [
            one.ts_us
            for one in held
            if one.kind in ("sale", "shipping_or_fee") and (one.customer, one.product) == (line.customer, line.product)
        ]
        if times:
            sold[ref] = min(times)
    if line.order in sold:
        return line.order
    earlier = {ref: ts for ref, ts in sold.items() if ts <= line.ts_us}
    if not earlier:
        return None
    latest = max(earlier.values())
    return max((ref for ref, ts in earlier.items() if ts == latest), key=_order_id)


def _order_id(ref: str) -> int:
    return sum(ord(char) * 257**i for i, char in enumerate(ref)) % 2**61


def above(values: list[int], quantile: float) -> float:
    """The smallest value strictly above the quantile (the lower of two neighbours); infinity where none is."""
    ranked = sorted(values)
    reached = ranked[floor((len(ranked) - 1) * quantile)] if ranked else 0
    return min((value for value in ranked if value > reached), default=inf)


def middle(values: list[int]) -> float:
    """The median, the mean of the two middle values when their number is even."""
    ranked = sorted(values)
    return (ranked[(len(ranked) - 1) // 2] + ranked[len(ranked) // 2]) / 2


def stage(days: list[int], at: int, net: int, shop: dict[str, float], gaps: tuple[float, float, float]) -> str:
    """The stage of a customer with orders on these days, by the written definition."""
    slipping, sleeping, lost = gaps
    own = [later - earlier for earlier, later in zip(days, days[1:], strict=False)]
    if own:
        usual = (shop["gap"] + len(own) * middle(own)) / (1 + len(own))
        habit = sorted(own)[ceil(0.9 * len(own) - 1e-9) - 1] / slipping
        rhythm = max(usual, habit, 7.0)
    else:
        rhythm = shop["second"] / slipping
    since = at - days[-1]
    if since > rhythm * lost:
        return "lost"
    if since > rhythm * sleeping:
        return "sleeping"
    if since > rhythm * slipping:
        return "slipping"
    if len(days) == 1:
        return "new"
    return "champion" if len(days) >= 3 and net >= shop["big"] else "growing"
