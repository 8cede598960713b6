"""What predict says of each customer: what is foreseen."""

from volver.core import Words
from volver.know import Kind, Trait
from volver.store import Shop


def value_model(shop: Shop, fitted_us: int) -> str:
    """The model of the shelf that was fitted at an instant, as `MBG/NBD, shelf 12`; without a number if it is gone."""
    from volver.predict.value.registry import shelf

    found = next((each for each in shelf(shop) if each.fitted_us == fitted_us), None)
    return f"{found.model}, shelf {found.id}" if found else "value"


def _score(name: str, column: str, unit: str, label: Words, kind: Kind = "number") -> Trait:
    return Trait(
        name=name,
        table="scores",
        column=column,
        kind=kind,
        unit=unit,
        label=label,
        source="predicted",
        model="value",
        model_of="volver.predict.score_traits:value_model",
    )


def _other(table: str, model: str, name: str, column: str, unit: str, label: Words, kind: Kind, per: str = "") -> Trait:
    return Trait(
        name=name,
        table=table,
        column=column,
        kind=kind,
        unit=unit,
        label=label,
        source="predicted",
        model=model,
        per=per,
    )


def _rebuy(name: str, column: str, unit: str, label: Words, kind: Kind = "number") -> Trait:
    return _other("rebuys", "due", name, column, unit, label, kind, per="product_id")


TRAITS = (
    _score("p_alive", "p_alive", "chance", Words("Chance of being a customer still")),
    _score("orders_365d", "orders_365d", "orders", Words("Orders expected in 365 days")),
    _score("spend_per_order", "spend_per_order_e4", "money_e4", Words("Spend expected per order")),
    _score("value_365d", "value_365d_e4", "money_e4", Words("Value over 365 days")),
    _score("value_365d_low", "value_low_e4", "money_e4", Words("Value over 365 days, low end of 90 %")),
    _score("value_365d_high", "value_high_e4", "money_e4", Words("Value over 365 days, high end of 90 %")),
    _score("next_order_from", "next_from_day", "day", Words("Next order from"), "day"),
    _score("next_order_to", "next_to_day", "day", Words("Next order until"), "day"),
    _score("p_buy_7d", "p_buy_7d", "chance", Words("Chance of an order within 7 days")),
    _score("p_buy_30d", "p_buy_30d", "chance", Words("Chance of an order within 30 days")),
    _score("p_buy_90d", "p_buy_90d", "chance", Words("Chance of an order within 90 days")),
    _rebuy("p_rebuy_28d", "p_28d", "chance", Words("Chance of buying it again within 28 days")),
    _rebuy("rebuy_gap_days", "usual_gap_days", "days", Words("Usual gap between purchases of it")),
    _rebuy("rebuy_from", "due_from_day", "day", Words("Due again from"), "day"),
    _rebuy("rebuy_to", "due_to_day", "day", Words("Due again until"), "day"),
    _other("moments", "moments", "best_weekday", "weekday", "weekday", Words("Best weekday, Monday 0"), "number"),
    _other("moments", "moments", "best_hour", "hour", "hour", Words("Best hour, local time"), "number"),
    _other("propensities", "propensity", "p", "p", "chance", Words("Chance of it"), "number", per="what"),
)
