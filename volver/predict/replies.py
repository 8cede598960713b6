"""The shapes of what predict answers over the API. Money is a number in the shop's currency; intervals are 90 %."""

from datetime import date
from typing import Any

from msgspec import UNSET, UnsetType

from volver.core import Reply

Pair = tuple[float, float]


class TotalMoney(Reply):
    """An expected total with its 90 % (`low`, `high`) and 80 % interval."""

    value: float
    low: float
    high: float
    low80: float
    high80: float


class TotalOrders(Reply):
    """Expected orders with their 90 % (`low`, `high`) and 80 % interval."""

    expected: float
    low: float
    high: float
    low80: float
    high80: float


class EstimatedMean(Reply):
    """A mean, with intervals of the mean itself."""

    expected: float
    interval80: Pair
    interval90: Pair


class ValueDecile(Reply):
    """A tenth of the customers by value, the best first."""

    decile: int
    customers: int
    value: float
    share: float


class TopCustomer(Reply):
    """One of the most valuable customers."""

    customer_id: int
    p_alive: float
    orders: float
    spend_per_order: float
    value: float
    low: float
    high: float


class Value(Reply):
    """What the customers will be worth within a horizon; `top` only where it was asked for."""

    model: str
    at: date
    horizon_days: float
    discount_rate_yearly: float
    currency: str
    customers: int
    total: TotalMoney
    orders: TotalOrders
    deciles: list[ValueDecile]
    top: list[TopCustomer] | UnsetType = UNSET


class ReasonOfValue(Reply):
    """A reason in words, and what it multiplies the value by."""

    key: str
    factor: float | None
    words: str


class ValueOfCustomer(Reply):
    """What one customer will be worth, and why; None where it cannot be said."""

    customer_id: int
    model: str
    at: date
    horizon_days: float
    discount_rate_yearly: float
    currency: str
    p_alive: float | None
    p_buy: float | None
    orders: float | None
    spend_per_order: float | None
    value: float | None
    low: float | None
    high: float | None
    next_from: date | None
    next_to: date | None
    mean_value: float | None
    base: float | None
    factors: dict[str, float]
    reasons: list[ReasonOfValue]


class HeldOutTotal(Reply):
    """Foreseen against came, with the 90 % interval that was stated."""

    predicted: float
    actual: float
    ratio: float | None
    low: float
    high: float


class HeldOutTenth(Reply):
    """A tenth of the customers by what was expected of them: means."""

    customers: float
    predicted: float
    actual: float
    low: float
    high: float


class CheckedWay(Reply):
    """What a contender, or past spend, would have given on the held-out time."""

    name: str
    predicted: float
    ratio: float | None
    deviance: float | None
    spearman: float | None
    top10_capture: float | None
    chosen: bool


class CheckedBaseline(Reply):
    """What stands beside the model."""

    past_spend: CheckedWay


class CheckedOrders(Reply):
    """The same for numbers of orders."""

    total: HeldOutTotal
    interval80: Pair
    covers: bool
    customer: dict[str, float | None]
    mae: float | None
    rmse: float | None
    spearman: float | None
    top10_capture: float | None
    top10_capture_perfect: float | None
    tenths: list[HeldOutTenth]


class ChosenWay(Reply):
    """What was chosen on the shop's own past."""

    model: str
    calendar: bool
    calendar_from: str
    spend: str
    correction: str
    level_orders: float
    level_money: float


class TriedWay(Reply):
    """One way of foreseeing and how it did at the past days."""

    name: str
    model: str
    calendar: bool
    correction: str
    deviance: float
    error: float
    ratios: list[float]
    vetoed: bool
    chosen: bool


class TriedCalendar(Reply, rename={"source": "from"}):
    """A calendar that was tried: none, learned or imported."""

    source: str
    error: float
    chosen: bool


class Choice(Reply):
    """How it was chosen: the past days that were asked, every contender, and why; `why` are texts with their facts."""

    horizon_days: float
    origins: list[date]
    chosen: ChosenWay
    contenders: list[TriedWay]
    calendars: list[TriedCalendar]
    calendar_why: list[tuple[str, dict[str, Any]]]
    imported_us: int | None
    why: list[tuple[str, dict[str, Any]]]


class Check(Reply):
    """A forecast on time that was held out: money, then orders, then every contender."""

    model: str
    customers: int
    calibration_until: date
    holdout_until: date
    total: HeldOutTotal
    interval80: Pair
    covers: bool
    customer: dict[str, float | None]
    deciles: list[HeldOutTenth]
    baseline: CheckedBaseline
    orders: CheckedOrders
    contenders: list[CheckedWay]
    choice: Choice
    why: list[str]


class Fit(Reply):
    """A fitted and published model."""

    model: str
    at: date
    first_day: date
    horizon_days: float
    discount_rate_yearly: float
    customers: int
    parameters: dict[str, float]
    spend_parameters: dict[str, float]
    total: TotalMoney
    choice: Choice
    check: Check | None
    remarks: list[str]
    seconds: float
    file: str


class ModelSettings(Reply):
    """With what a model was asked."""

    horizon_days: float | None
    discount_rate_yearly: float | None


class CheckOfModel(Reply):
    """How a model did on the time that it had not seen."""

    calibration_until: date | None
    holdout_until: date | None
    total: HeldOutTotal | None
    interval80: Pair | None
    covers: bool | None
    customer: dict[str, float | None] | None
    baseline: CheckedBaseline | None


class Model(Reply):
    """A model that was fitted; what models of older versions did not keep is None."""

    id: int
    model: str
    published: bool
    fitted_us: int
    learned_until: date
    data_until: date
    customers: int
    settings: ModelSettings
    choice: ChosenWay | None
    total: TotalMoney | None
    check: CheckOfModel | None
    volver: str | None
    file: str | None


class ModelList(Reply):
    """Every model, newest first."""

    models: list[Model]


class LeverValue(Reply):
    """Money foreseen when no lever is moved: of customers that are there, and of those who will come."""

    expected: float
    existing: float
    coming: float | None
    coming_doubt: float | None


class Lever(Reply):
    """One lever moved a little."""

    lever: str
    means: str
    gain: EstimatedMean | None
    margin_gain: EstimatedMean | None
    share: float | None
    cannot_say: str | None


class Levers(Reply):
    """What each lever is worth, the best first."""

    model: str
    at: date
    horizon_days: float
    currency: str
    discount_rate_yearly: float
    margin_rate: float
    customers: int
    retention_yearly: float | None
    newcomers: float | None
    value: LeverValue
    levers: list[Lever]
    remarks: list[str]


class CeilingOfGroup(Reply):
    """What a newcomer of a group may cost, what one did cost, and what follows."""

    group: str
    campaign: str | None
    customers: int | None
    cost: float | None
    cost_per_customer: float | None
    ceiling: EstimatedMean | None
    ceiling_within_days: dict[str, EstimatedMean]
    payback_days: float | None
    payback_days90: tuple[float | None, float | None] | None
    p_pays_back: float | None
    verdict: str
    note: str | None


class CostSetAside(Reply):
    """A row of costs that could not be read."""

    row: int
    why: str


class SpendCeiling(Reply):
    """What may be spent to win a customer: the shop, each group, each campaign."""

    by: str
    at: date
    horizon_days: float
    currency: str
    discount_rate_yearly: float
    shop: CeilingOfGroup
    groups: list[CeilingOfGroup]
    campaigns: list[CeilingOfGroup]
    set_aside: list[CostSetAside]
    remarks: list[str]


class NewcomersOfGroup(Reply):
    """What the next new customer of a group will bring."""

    group: str
    customers: int
    first_money: float
    came_back_share: float
    first_order: EstimatedMean
    later_orders: EstimatedMean
    value: EstimatedMean
    against_shop: EstimatedMean
    own_weight: float
    p_better_than_shop: float | None
    note: str | None


class Newcomers(Reply):
    """What the next new customer will bring: the shop, then each group."""

    by: str
    at: date
    horizon_days: float
    currency: str
    discount_rate_yearly: float
    customers: int
    first_order: EstimatedMean
    later_orders: EstimatedMean
    value: EstimatedMean
    groups: list[NewcomersOfGroup]
    remarks: list[str]


class BenchmarkRow(Reply):
    """What a group will bring; None where nothing is there to say."""

    key: str
    customers: int
    p_alive: float | None
    value_per_customer: float | None
    total: TotalMoney | None
    share: float | None
    against_shop: float | None
    waits_for: str | None


class Benchmark(Reply):
    """What each segment, cohort, channel, campaign or stage will bring."""

    by: str
    model: str
    at: date
    horizon_days: float
    currency: str
    discount_rate_yearly: float
    shop: BenchmarkRow
    rows: list[BenchmarkRow]


class DriftPoint(Reply):
    """What came until a day, beside what was expected, with its band."""

    day: date
    came: float
    expected: float
    low: float
    high: float


class Drift(Reply):
    """Whether what came since the fit is within what was foreseen; only `alarm` and `says` while it is too early."""

    alarm: bool
    says: str
    at: date | UnsetType = UNSET
    until: date | UnsetType = UNSET
    since: date | UnsetType | None = UNSET
    customers: int | UnsetType = UNSET
    hint: str | UnsetType | None = UNSET
    orders: list[DriftPoint] | UnsetType = UNSET
    money: list[DriftPoint] | UnsetType = UNSET
