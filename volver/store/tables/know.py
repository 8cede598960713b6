"""The lake tables of know: what follows from what arrived."""

from volver.store.tables.table import LakeTable, columns

TABLES = (
    LakeTable(
        name="order_days",
        sort="customer_id, day, from_day, order_id",
        columns=columns("""
            customer_id BIGINT, day DATE, from_day DATE, until_day DATE, order_id BIGINT, counts INTEGER,
            gross_e4 BIGINT, amount_e4 BIGINT, batch BIGINT, whole INTEGER"""),
        group_rows=65_536,
    ),
    LakeTable(
        name="orders",
        sort="customer_id, ts_us, order_id",
        columns=columns("""
            order_id BIGINT, order_ref VARCHAR, customer_id BIGINT, ts_us BIGINT, day DATE, doc VARCHAR,
            is_order INTEGER, undone_day DATE, lines INTEGER, units_e4 BIGINT, gross_e4 BIGINT, discount_e4 BIGINT,
            returned_e4 BIGINT, net_e4 BIGINT, cost_e4 BIGINT, unmatched INTEGER, from_day DATE, until_day DATE"""),
        group_rows=32_768,
    ),
    LakeTable(
        name="days",
        sort="day",
        columns=columns("""
            day DATE, orders BIGINT, guest_orders BIGINT, new_customers BIGINT, net_e4 BIGINT, gross_e4 BIGINT,
            returned_e4 BIGINT, discount_e4 BIGINT, margin_e4 BIGINT, lines BIGINT, uncosted BIGINT"""),
    ),
    LakeTable(
        name="thresholds",
        sort="as_of",
        columns=columns("""
            as_of DATE, customers BIGINT, repeat_customers BIGINT, gap_days DOUBLE, second_gap_days DOUBLE,
            big_net_e4 BIGINT, vip_net_e4 BIGINT, high_aov_e4 BIGINT, loyal_orders BIGINT, discounted_orders BIGINT"""),
    ),
    LakeTable(
        name="facts",
        sort="customer_id",
        columns=columns("""
            customer_id BIGINT, orders BIGINT, order_days BIGINT, net_e4 BIGINT, gross_e4 BIGINT, margin_e4 BIGINT,
            aov_e4 BIGINT, units_e4 BIGINT, first_day DATE, last_day DATE, days_since INTEGER, usual_gap_days DOUBLE,
            rhythm_days DOUBLE, discount_share DOUBLE, returned_share DOUBLE, top_product_id BIGINT,
            top_category VARCHAR, stage VARCHAR, stage_since DATE, segments BIGINT"""),
        group_rows=16_384,
    ),
    LakeTable(
        name="event_days",
        sort="day, kind",
        columns=columns("day DATE, kind VARCHAR, events BIGINT"),
    ),
    LakeTable(
        name="ledger_health",
        sort="lines",
        columns=columns("""
            first_day DATE, last_day DATE, lines BIGINT, orders BIGINT, guest_orders BIGINT, unmatched BIGINT,
            unknown_costs BIGINT"""),
    ),
)
