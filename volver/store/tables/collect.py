"""The lake tables of collect: what arrived."""

from volver.store.tables.table import LakeTable, columns

TABLES = (
    LakeTable(
        name="replaced",  # lines of the ledger that hold no longer, and their mirrors
        from_log=True,
        sort="line_id",
        columns=columns("line_id BIGINT, is_mirror INTEGER, batch BIGINT"),
    ),
    LakeTable(
        name="order_lines",
        from_log=True,
        partition="month",
        sort="customer_id, ts_us, line_id",
        columns=columns("""
            line_id BIGINT, order_id BIGINT, order_ref VARCHAR, customer_id BIGINT, product_id BIGINT, ts_us BIGINT,
            day DATE, doc VARCHAR, kind VARCHAR, quantity_e4 BIGINT, unit_price_e4 BIGINT, amount_e4 BIGINT,
            discount_e4 BIGINT, cost_e4 BIGINT, line_key BIGINT, occurrence INTEGER, batch BIGINT, month VARCHAR"""),
        everything="ledger",
        unless="replaced",
        holds="select l.* from ledger l left join replaced r on r.line_id = l.line_id where r.line_id is null",
    ),
    LakeTable(
        name="order_versions",  # what each import said of each order it names
        from_log=True,
        sort="order_id, batch",
        columns=columns("""
            order_id BIGINT, order_ref VARCHAR, batch BIGINT, lines_batch BIGINT, content BIGINT, updated_us BIGINT,
            mode VARCHAR, state VARCHAR, lines INTEGER"""),
        group_rows=65_536,
    ),
    LakeTable(
        name="version_lines",  # lines of versions that brought them without entering them into the ledger
        from_log=True,
        sort="order_id, line_id",
        columns=columns("""
            line_id BIGINT, order_id BIGINT, order_ref VARCHAR, customer_id BIGINT, product_id BIGINT, ts_us BIGINT,
            day DATE, doc VARCHAR, kind VARCHAR, quantity_e4 BIGINT, unit_price_e4 BIGINT, amount_e4 BIGINT,
            discount_e4 BIGINT, cost_e4 BIGINT, line_key BIGINT, occurrence INTEGER, batch BIGINT"""),
        group_rows=65_536,
    ),
    LakeTable(
        name="customers",
        from_log=True,
        sort="customer_id",
        columns=columns("""
            customer_id BIGINT, customer_ref VARCHAR, name VARCHAR, email VARCHAR, city VARCHAR, country VARCHAR,
            channel VARCHAR, campaign VARCHAR, channel_us BIGINT, campaign_us BIGINT"""),
        group_rows=16_384,
    ),
    LakeTable(
        name="products",
        from_log=True,
        sort="product_id",
        columns=columns("""
            product_id BIGINT, product_ref VARCHAR, name VARCHAR, category VARCHAR, price_e4 BIGINT, cost_e4 BIGINT,
            is_product INTEGER"""),
    ),
    LakeTable(
        name="product_names",
        from_log=True,
        sort="product_id, name",
        columns=columns("product_id BIGINT, name VARCHAR, lines BIGINT, last_us BIGINT, given INTEGER"),
    ),
    LakeTable(
        name="events",
        from_log=True,
        partition="month",
        sort="customer_id, ts_us, event_id",
        columns=columns("""
            event_id BIGINT, customer_id BIGINT, ts_us BIGINT, day DATE, kind VARCHAR, product_id BIGINT,
            order_ref VARCHAR, text VARCHAR, batch BIGINT, month VARCHAR"""),
        group_rows=16_384,
    ),
)
