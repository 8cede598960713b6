"""The lake tables of predict: what is foreseen, and what is kept so that it is foreseen quickly."""

from volver.store.tables.table import LakeTable, columns

TABLES = (
    LakeTable(
        name="scores",
        sort="customer_id",
        columns=columns("""
            customer_id BIGINT, p_alive DOUBLE, orders_365d DOUBLE, spend_per_order_e4 BIGINT, value_365d_e4 BIGINT,
            value_low_e4 BIGINT, value_high_e4 BIGINT, next_from_day DATE, next_to_day DATE, p_buy_7d DOUBLE,
            p_buy_30d DOUBLE, p_buy_90d DOUBLE"""),
        group_rows=16_384,
    ),
    LakeTable(
        name="costs",
        sort="kind, channel, campaign, month",
        columns=columns("""
            kind VARCHAR, channel VARCHAR, campaign VARCHAR, month VARCHAR, cost_e4 BIGINT, customers BIGINT,
            batch BIGINT"""),
    ),
    LakeTable(
        name="calendar_index",  # a row without days is a month of every year
        sort="first_day, month_of_year",
        columns=columns("""
            kind VARCHAR, first_day DATE, last_day DATE, month_of_year INTEGER, value DOUBLE, imported_us BIGINT"""),
    ),
    LakeTable(
        name="rebuys",
        sort="customer_id, product_id",
        columns=columns("""
            customer_id BIGINT, product_id BIGINT, times INTEGER, usual_gap_days DOUBLE, last_day DATE, p_28d DOUBLE,
            due_from_day DATE, due_to_day DATE"""),
    ),
    LakeTable(
        name="moments",  # a row without a customer is the shop's own best moment
        sort="customer_id",
        columns=columns("customer_id BIGINT, weekday INTEGER, hour INTEGER, lift DOUBLE, n_events BIGINT"),
    ),
    LakeTable(
        name="propensities",
        sort="customer_id, what",
        columns=columns("customer_id BIGINT, what VARCHAR, p DOUBLE"),
        group_rows=65_536,
    ),
)
