"""The lake's tables: their columns, types and partitions, in one place.

Types are the portable profile's: BIGINT, INTEGER, DOUBLE, VARCHAR, DATE. Money is BIGINT ten-thousandths (`_e4`),
instants are BIGINT microseconds (`_us`), days are DATE in the shop's zone.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LakeTable:
    """A table of the lake: `columns` maps names to portable types, in order.

    `group_rows` is the size of a Parquet row group: small ones let one customer be read without the neighbours, large
    ones make whole scans cheaper.
    """

    name: str
    columns: dict[str, str]
    partition: str | None = None
    sort: str = ""
    group_rows: int = 8_192


def _columns(text: str) -> dict[str, str]:
    return {part.split()[0]: part.split()[1] for part in text.split(",") if part.strip()}


_ALL = [
    LakeTable(
        name="order_lines",
        partition="month",
        sort="customer_id, ts_us, line_id",
        columns=_columns("""
            line_id BIGINT, order_id BIGINT, order_ref VARCHAR, customer_id BIGINT, product_id BIGINT, ts_us BIGINT,
            day DATE, doc VARCHAR, kind VARCHAR, quantity_e4 BIGINT, unit_price_e4 BIGINT, amount_e4 BIGINT,
            discount_e4 BIGINT, cost_e4 BIGINT, line_key BIGINT, occurrence INTEGER, batch BIGINT, month VARCHAR"""),
    ),
    LakeTable(
        name="customers",
        sort="customer_id",
        columns=_columns("""
            customer_id BIGINT, customer_ref VARCHAR, name VARCHAR, email VARCHAR, city VARCHAR, country VARCHAR,
            channel VARCHAR, campaign VARCHAR, channel_us BIGINT, campaign_us BIGINT"""),
    ),
    LakeTable(
        name="products",
        sort="product_id",
        columns=_columns("""
            product_id BIGINT, product_ref VARCHAR, name VARCHAR, category VARCHAR, price_e4 BIGINT, cost_e4 BIGINT,
            is_product INTEGER"""),
    ),
    LakeTable(
        name="product_names",
        sort="product_id, name",
        columns=_columns("product_id BIGINT, name VARCHAR, lines BIGINT, last_us BIGINT, given INTEGER"),
    ),
    LakeTable(
        name="events",
        partition="month",
        sort="customer_id, ts_us, event_id",
        columns=_columns("""
            event_id BIGINT, customer_id BIGINT, ts_us BIGINT, day DATE, kind VARCHAR, product_id BIGINT,
            order_ref VARCHAR, text VARCHAR, batch BIGINT, month VARCHAR"""),
    ),
    LakeTable(
        name="months",
        sort="month_no",
        columns=_columns("month VARCHAR, first_day DATE, last_day DATE, month_no INTEGER"),
    ),
    LakeTable(
        name="orders",
        sort="customer_id, ts_us, order_id",
        columns=_columns("""
            order_id BIGINT, order_ref VARCHAR, customer_id BIGINT, ts_us BIGINT, day DATE, doc VARCHAR,
            is_order INTEGER, undone_day DATE, lines INTEGER, units_e4 BIGINT, gross_e4 BIGINT, discount_e4 BIGINT,
            returned_e4 BIGINT, net_e4 BIGINT, cost_e4 BIGINT, unmatched INTEGER, from_day DATE, until_day DATE"""),
    ),
    LakeTable(
        name="days",
        sort="day",
        columns=_columns("""
            day DATE, orders BIGINT, guest_orders BIGINT, new_customers BIGINT, net_e4 BIGINT, gross_e4 BIGINT,
            returned_e4 BIGINT, discount_e4 BIGINT, margin_e4 BIGINT, lines BIGINT, uncosted BIGINT"""),
    ),
    LakeTable(
        name="thresholds",
        sort="as_of",
        columns=_columns("""
            as_of DATE, customers BIGINT, repeat_customers BIGINT, gap_days DOUBLE, second_gap_days DOUBLE,
            big_net_e4 BIGINT, vip_net_e4 BIGINT, high_aov_e4 BIGINT, loyal_orders BIGINT, discounted_orders BIGINT"""),
    ),
    LakeTable(
        name="facts",
        sort="customer_id",
        columns=_columns("""
            customer_id BIGINT, orders BIGINT, order_days BIGINT, net_e4 BIGINT, gross_e4 BIGINT, margin_e4 BIGINT,
            aov_e4 BIGINT, units_e4 BIGINT, first_day DATE, last_day DATE, days_since INTEGER, usual_gap_days DOUBLE,
            rhythm_days DOUBLE, discount_share DOUBLE, returned_share DOUBLE, top_product_id BIGINT,
            top_category VARCHAR, stage VARCHAR, stage_since DATE, segments BIGINT"""),
    ),
    LakeTable(
        name="buying_days",
        sort="customer_id, day, from_day",
        columns=_columns("""
            customer_id BIGINT, day DATE, from_day DATE, until_day DATE, order_tag INTEGER, counts INTEGER,
            gross_e4 BIGINT, amount_e4 BIGINT, batch BIGINT, whole INTEGER"""),
        group_rows=65_536,
    ),
    LakeTable(
        name="scores",
        sort="customer_id",
        columns=_columns("""
            customer_id BIGINT, p_alive DOUBLE, orders_365d DOUBLE, spend_per_order_e4 BIGINT, value_365d_e4 BIGINT,
            value_low_e4 BIGINT, value_high_e4 BIGINT, next_from_day DATE, next_to_day DATE, p_buy_7d DOUBLE,
            p_buy_30d DOUBLE, p_buy_90d DOUBLE"""),
    ),
    LakeTable(
        name="costs",
        sort="kind, channel, campaign, month",
        columns=_columns("""
            kind VARCHAR, channel VARCHAR, campaign VARCHAR, month VARCHAR, cost_e4 BIGINT, customers BIGINT,
            batch BIGINT"""),
    ),
    LakeTable(
        name="calendar_index",  # a row without days is a month of every year
        sort="first_day, month_of_year",
        columns=_columns("""
            kind VARCHAR, first_day DATE, last_day DATE, month_of_year INTEGER, value DOUBLE, imported_us BIGINT"""),
    ),
    LakeTable(
        name="rebuys",
        sort="customer_id, product_id",
        columns=_columns("""
            customer_id BIGINT, product_id BIGINT, times INTEGER, usual_gap_days DOUBLE, last_day DATE, p_28d DOUBLE,
            due_from_day DATE, due_to_day DATE"""),
    ),
    LakeTable(
        name="moments",  # a row without a customer is the shop's own best moment
        sort="customer_id",
        columns=_columns("customer_id BIGINT, weekday INTEGER, hour INTEGER, lift DOUBLE, n_events BIGINT"),
    ),
    LakeTable(
        name="propensities",
        sort="customer_id, what",
        columns=_columns("customer_id BIGINT, what VARCHAR, p DOUBLE"),
        group_rows=65_536,
    ),
]

TABLES: dict[str, LakeTable] = {table.name: table for table in _ALL}
