"""Order lines to put into a lake: deterministic, many months, no meaning."""

from volver.store import NewFile, Shop


def lines_sql(rows: int, first: int = 0) -> str:
    return f"""
        select i as line_id, i // 3 as order_id, 'o' || i as order_ref, (i * 7919) % 97 as customer_id,
          i % 5 as product_id,
               i * 1000000 as ts_us, date '2017-01-01' + cast(i % 90 as integer) as day, 'sale' as doc, 'sale' as kind,
               10000 as quantity_e4, 5 as unit_price_e4, 5 as amount_e4, 0 as discount_e4, null as cost_e4,
                 i as line_key,
               1 as occurrence, 3 as batch, strftime(date '2017-01-01' + cast(i % 90 as integer), '%Y-%m') as month
        from range({first}, {first + rows}) t(i)"""


def add_lines(shop: Shop, offset: int, rows: int = 100) -> list[NewFile]:
    files = shop.compute.write(lines_sql(rows, first=offset * rows), "order_lines")
    shop.lake.add("order_lines", files, offset)
    return files


def total(shop: Shop) -> tuple[int, int]:
    found = shop.compute.relation(
        "select count(*) as n, cast(sum(line_id) as bigint) as s from order_lines"
    ).to_pylist()[0]
    return found["n"], found["s"] or 0
