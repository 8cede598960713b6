"""What the forecast means for money: which lever is worth most, what a new customer of each channel may cost."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from markupsafe import Markup

from volver import predict
from volver.core import E4, VolverError, Words
from volver.store import Shop
from volver.ui.shared.charts_people import interval
from volver.ui.shared.formatting import Speech

_MOST: Final = 10
_LONGEST: Final = 40  # characters of a name
_SURE: Final = 0.9
_MONTH: Final = 365.25 / 12
_UNKNOWN: Final = "unknown"
_LEVERS: Final = {
    "retention": Words("1 point more of the customers still with you in a year"),
    "order_value": Words("1 % more per order"),
    "frequency": Words("1 % more often"),
    "newcomers": Words("1 % more new customers"),
    "discount_rate": Words("1 point less yearly discount rate"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LeverRow:
    """A lever: what it is, what it brings with its interval, how much of that stays as margin."""

    name: str
    gain: str
    sure: str
    margin: str
    bar: Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class Levers:
    """Levers by what they bring, and the answer in words; `notes` say what the margins rest on."""

    says: str
    rows: tuple[LeverRow, ...]
    silent: tuple[str, ...]
    notes: tuple[str, ...]


def levers_of(told: dict[str, Any], margins: Sequence[Words], spoken: Speech) -> Levers:
    """The JSON of `volver predict levers` as rows; `margins` are the remarks of `predict.assumed_margin`."""
    spoken_levers = [each for each in told["levers"] if each["gain"] is not None]
    most = max((each["gain"]["interval90"][1] for each in spoken_levers), default=1.0)
    rows = tuple(_lever(each, most, spoken) for each in spoken_levers)
    says = ""
    if spoken_levers:
        best = spoken_levers[0]
        name, gain_e4 = _named(best), round(best["gain"]["expected"] * E4)
        says = spoken.words(Words("{name}: {gain_e4} in 12 months.", {"name": name, "gain_e4": gain_e4}))
    silent = tuple(spoken.words(_named(each)) for each in told["levers"] if each["gain"] is None)
    return Levers(says=says, rows=rows, silent=silent, notes=tuple(spoken.words(each) for each in margins))


def _named(each: dict[str, Any]) -> Words:
    return _LEVERS.get(each["lever"]) or Words("{name}", {"name": each["means"]})


def _lever(each: dict[str, Any], most: float, spoken: Speech) -> LeverRow:
    gain, (low, high) = each["gain"]["expected"], each["gain"]["interval90"]
    margin = each["margin_gain"]["expected"] if each["margin_gain"] else None
    says = spoken.text("90 %: {span}", span=spoken.span(low * E4, high * E4))
    return LeverRow(
        name=spoken.words(_named(each)),
        gain=spoken.money(gain * E4),
        sure=says,
        margin="" if margin is None else spoken.money(margin * E4),
        bar=interval(low, gain, high, most, says),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRow:
    """A channel: its customers, what one of them is still to bring, what a new one may cost and what it does cost."""

    name: str
    customers: str
    still: str
    may_cost: str
    sure: str
    bar: Markup | None
    costs: str
    verdict: str
    tone: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Channels:
    """Channels or campaigns by cost and size, and the answer in words; `has_costs`: whether anything spent is known."""

    says: str
    rows: tuple[ChannelRow, ...]
    has_costs: bool
    more: int


def channels_of(found: "Asked", spoken: Speech) -> Channels | None:
    """What a new customer of each channel may cost; None where no channel is known."""
    if found.ceiling is None or all(row.key == _UNKNOWN for row in found.ceiling.rows):
        return None
    ceiling, says = found.ceiling, ""
    if ceiling.shop.ceiling:
        whole = ceiling.shop.ceiling
        said = Words(
            "A new customer leaves a margin of {brings_e4} in 12 months ({low_e4} to {high_e4}): more than that loses "
            "money.",
            {"brings_e4": _e4(whole.expected), "low_e4": _e4(whole.low), "high_e4": _e4(whole.high)},
        )
        says = spoken.words(said)
    return _table(says, ceiling.rows, found.benchmark, spoken)


def campaigns_of(found: "Asked", spoken: Speech) -> Channels | None:
    """The same of each campaign; None where none is known. Customers without a campaign are left out."""
    rows = [row for row in found.campaigns.rows if row.key != _UNKNOWN] if found.campaigns else []
    says = spoken.text("Whoever a campaign won, by the first order that names one.")
    return _table(says, rows, found.campaign_benchmark, spoken) if rows else None


def _table(
    says: str, all_rows: "Sequence[predict.CeilingRow]", known: "predict.BenchmarkReport | None", spoken: Speech
) -> Channels:
    rows = all_rows[:_MOST]
    still = {each.key: each.each for each in known.rows} if known else {}
    most = max((row.ceiling.high for row in rows if row.ceiling), default=1.0)
    return Channels(
        says=says,
        rows=tuple(_channel(row, still.get(row.key), most, spoken) for row in rows),
        has_costs=any(row.cost is not None for row in all_rows),
        more=len(all_rows) - len(rows),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the cards of channels and campaigns rest on; None where it cannot be said."""

    ceiling: predict.CeilingReport | None = None
    benchmark: predict.BenchmarkReport | None = None
    campaigns: predict.CeilingReport | None = None
    campaign_benchmark: predict.BenchmarkReport | None = None


def ask_channels(shop: Shop) -> Asked:
    """Both reports by channel, and by campaign where one is known."""
    try:
        by_channel = Asked(ceiling=predict.spend_ceiling(shop), benchmark=predict.benchmark(shop, "channel"))
        if not predict.knows_campaigns(shop) and not (by_channel.ceiling and by_channel.ceiling.campaigns):
            return by_channel
        found, standing = predict.spend_ceiling(shop, "campaign"), predict.benchmark(shop, "campaign")
        return replace(by_channel, campaigns=found, campaign_benchmark=standing)
    except VolverError:
        return Asked()


def _channel(row: "predict.CeilingRow", still: float | None, most: float, spoken: Speech) -> ChannelRow:
    bar, says = None, ""
    if row.ceiling:
        says = spoken.text("90 %: {span}", span=spoken.span(_e4(row.ceiling.low), _e4(row.ceiling.high)))
        bar = interval(row.ceiling.low, row.ceiling.expected, row.ceiling.high, most, says)
    verdict, tone = _verdict(row, spoken)
    return ChannelRow(
        name=_short(spoken.words(row.label)),
        customers="" if row.customers is None else spoken.number(row.customers),
        still="" if still is None else spoken.money(_e4(still)),
        may_cost=spoken.money(_e4(row.ceiling.expected)) if row.ceiling else "",
        sure=says,
        bar=bar,
        costs="" if row.cost_each is None else spoken.money(_e4(row.cost_each)),
        verdict=verdict,
        tone=tone,
        note=spoken.words(row.note),
    )


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"


def _verdict(row: "predict.CeilingRow", spoken: Speech) -> tuple[str, str]:
    """Whether what winning one costs comes back, in a few words, and their tone."""
    _ = spoken.text
    if row.cost is None:
        return "", ""
    if row.p_pays_back is None or row.payback is None:
        return spoken.words(row.verdict), ""
    if row.p_pays_back <= 1.0 - _SURE:
        return _("loses money"), "bad"
    if row.p_pays_back < _SURE or row.payback.days is None:
        return _("may not pay back"), "warn"
    months = round(row.payback.days / _MONTH)
    if months < 1:
        return _("with the first order") if row.payback.days < 1 else _("within a month"), "good"
    return _("{n} months", n=months), "good"


def _e4(money: float) -> int:
    return round(money * E4)
