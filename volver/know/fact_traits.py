"""What know says of each customer: the facts that follow from the ledger."""

from volver.core import Words
from volver.know.trait import Kind, Trait


def _fact(name: str, column: str, kind: Kind, unit: str, label: Words) -> Trait:
    return Trait(name=name, table="facts", column=column, kind=kind, unit=unit, label=label, source="computed")


TRAITS = (
    _fact("orders", "orders", "number", "orders", Words("Orders")),
    _fact("order_days", "order_days", "number", "days", Words("Days with an order")),
    _fact("net", "net_e4", "number", "money_e4", Words("Net spend")),
    _fact("margin", "margin_e4", "number", "money_e4", Words("Margin")),
    _fact("aov", "aov_e4", "number", "money_e4", Words("Average order value")),
    _fact("units", "units_e4", "number", "units_e4", Words("Units bought")),
    _fact("first_order", "first_day", "day", "day", Words("First order")),
    _fact("last_order", "last_day", "day", "day", Words("Last order")),
    _fact("days_since_order", "days_since", "number", "days", Words("Days since the last order")),
    _fact("usual_gap_days", "usual_gap_days", "number", "days", Words("Usual gap between orders")),
    _fact("rhythm_days", "rhythm_days", "number", "days", Words("Rhythm that the stage goes by")),
    _fact("discount_share", "discount_share", "number", "share", Words("Share of orders with a discount")),
    _fact("returned_share", "returned_share", "number", "share", Words("Share of money returned")),
    _fact("top_product", "top_product_id", "number", "product_id", Words("Product bought most")),
    _fact("top_category", "top_category", "text", "category", Words("Category bought most")),
    _fact("stage", "stage", "text", "stage", Words("Stage")),
    _fact("stage_since", "stage_since", "day", "day", Words("In this stage since")),
)
