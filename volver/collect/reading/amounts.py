"""SQL of a row's money: pieces, worth, discount and amount, and an order's money spread over its lines to the cent.

Reads the cells that `rows` names (`price_n`, `total_n`, `off_money`, …); knows nothing of dates and references.
"""

from volver.collect.reading import numbers
from volver.collect.reading.contents import Column
from volver.collect.reading.numbers import MOST_MONEY, MOST_UNITS, TYPE, e4
from volver.collect.reading.plans import Plan

_ORDER = "PARTITION BY order_id, CASE WHEN order_id IS NULL THEN row_no END"
_PARTS = ("order_discount", "refunded", "refunded_quantity", "cancelled_quantity", "tax", "shipping", "fee", "tip")
SPARE = (*_PARTS, "gift_card", "order_total")


def number(plan: Plan, column: Column) -> str:
    """The exact number of a cell."""
    if column.kind == "text":
        return numbers.number(column.sql, plan.decimal, fancy=column.sql in plan.fancy)
    return numbers.typed_number(column.sql, column.kind)


def _money(plan: Plan, column: Column) -> str:
    """The exact money of a cell; a file that counts in cents is divided by a hundred."""
    own = number(plan, column)
    return f"cast({own} * 0.01 AS {TYPE})" if plan.found.money.in_cents else own


def is_blank(plan: Plan, field: str) -> str:
    """Whether a field's cell says nothing."""
    column = plan.columns(field)[0]
    if column.kind == "text":
        return numbers.blank(column.sql)
    return f"({column.sql} IS NULL OR isnan({column.sql}))" if column.kind == "float" else f"({column.sql} IS NULL)"


def cells(plan: Plan) -> dict[str, str]:
    """The numbers of a row by name: `quantity_n`, `price_n`, `total_n`, `cost_n`, discounts, and what stands beside."""
    found = {}
    for field, name in (("quantity", "quantity"), ("unit_price", "price"), ("total", "total"), ("cost", "cost")):
        limit = MOST_UNITS if field == "quantity" else MOST_MONEY
        read = number if field == "quantity" else _money
        value = read(plan, plan.columns(field)[0]) if plan.columns(field) else f"cast(NULL AS {TYPE})"
        found[f"{name}_as_read"] = value
        found[f"{name}_n"] = f"CASE WHEN abs({name}_as_read) < {limit} THEN {name}_as_read END"
    found["off_money"], found["off_share"] = _off(plan)
    for field in SPARE:
        if plan.columns(field):
            read = number if field.endswith("_quantity") else _money
            parts = [f"coalesce({read(plan, column)}, 0)" for column in plan.columns(field)]
            blank = " AND ".join(f"({read(plan, column)}) IS NULL" for column in plan.columns(field))
            sure = f"least(greatest({' + '.join(parts)}, -{MOST_MONEY}), {MOST_MONEY})"
            found[f"{field}_n"] = f"CASE WHEN {blank} THEN NULL ELSE cast({sure} AS {TYPE}) END"
    return found


def _off(plan: Plan) -> tuple[str, str]:
    """The discount in money, and its share of the line; a cell with a percent sign is a share, whatever others are."""
    money, shares = [], []
    sense = plan.found.money.discount
    for column in plan.columns("discount"):
        read = _money if sense in ("money", "piece") else number
        plain = f"coalesce(abs({read(plan, column)}), 0)"
        bare = f"coalesce(abs({number(plan, column)}), 0)"
        marked = f"ends_with(trim({column.sql}), '%')"
        hundredth = f"cast({bare} * 0.01 AS {TYPE})"
        may_be = column.kind == "text" and column.sql in plan.fancy
        if sense in ("money", "piece"):
            money.append(f"CASE WHEN {marked} THEN 0 ELSE {plain} END" if may_be else plain)
            shares += [f"CASE WHEN {marked} THEN {hundredth} ELSE 0 END"] if may_be else []
        elif sense == "percent":
            shares.append(hundredth)
        else:
            shares.append(f"CASE WHEN {marked} THEN {hundredth} ELSE {plain} END" if may_be else plain)
    total = f"least(cast({' + '.join(money) or '0'} AS {TYPE}), {MOST_MONEY})"
    share = f"least(cast({' + '.join(shares) or '0'} AS {TYPE}), 1)"
    return total if money else f"cast(0 AS {TYPE})", share if shares else f"cast(0 AS {TYPE})"


def units(plan: Plan) -> str:
    """The pieces of a row."""
    one = f"cast(1 AS {TYPE})"
    if not plan.columns("quantity"):
        return one
    if plan.columns("unit_price"):
        return "quantity_n"
    return f"CASE WHEN {is_blank(plan, 'quantity')} THEN {one} ELSE quantity_n END"


def gross(plan: Plan) -> str:
    """Quantity x unit price, exact to eight places."""
    if not plan.columns("unit_price"):
        return f"cast(NULL AS {TYPE})"
    return f"cast(price_n * {units(plan)} AS {TYPE})"


def worth(plan: Plan) -> str:
    """What the source says the line is worth before anything is taken off."""
    return "coalesce(gross, total_n)" if plan.columns("total") else "gross"


def discount(plan: Plan) -> str:
    """Money taken off the line; never more than the line where it makes the amount."""
    has_total, has_price = bool(plan.columns("total")), bool(plan.columns("unit_price"))
    if not plan.columns("discount"):
        return "greatest(abs(gross) - abs(total_n), 0)" if has_total and has_price else f"cast(0 AS {TYPE})"
    money = plan.found.money
    off = "off_money * abs(units)" if money.discount == "piece" else "off_money"
    if has_total and not money.is_before:
        if has_price:
            return f"cast({off} + coalesce(abs(gross), 0) * off_share AS {TYPE})"
        before = f"try_cast(cast(abs(total_n) AS DOUBLE) * off_share / (1 - off_share) AS {TYPE})"
        return f"cast({off} + CASE WHEN off_share < 1 THEN coalesce({before}, 0) ELSE 0 END AS {TYPE})"
    base = "abs(coalesce(total_n, gross))" if has_total and has_price else "abs(total_n)" if has_total else "abs(gross)"
    return f"least(cast({off} + {base} * off_share AS {TYPE}), {base})"


def amount(plan: Plan) -> str:
    """What the line brought: its total, or pieces x price, less its discount where that stands in it still."""
    own = f"cast(gross - sign(gross) * coalesce(discount_n, 0) AS {TYPE})"
    if not plan.columns("total"):
        return own
    total = "total_n"
    if plan.found.money.is_before:
        total = f"cast(total_n - sign(total_n) * coalesce(discount_n, 0) AS {TYPE})"
    return f"coalesce({total}, {own})" if plan.columns("unit_price") else total


def undone(plan: Plan, source: str) -> str:
    """The rows of `source` with `amount_e4`, `off_e4`, `refunded_e4`, `back_e4` (pieces), `kept` (units).

    Cancelled pieces are not kept. The order's discount is spread over its lines by their money, and then what was
    refunded, to the cent; neither takes more than the lines hold.
    """
    kept, share = "units", ""
    if plan.columns("cancelled_quantity"):
        some = "units > 0 AND abs(cancelled_quantity_n) > 0 AND abs(cancelled_quantity_n) < units"
        kept = f"CASE WHEN {some} THEN units - abs(cancelled_quantity_n) ELSE units END"
        share = f"CASE WHEN {some} THEN (units - abs(cancelled_quantity_n)) / units ELSE 1 END"
    names = {"amount_e4": "amount", "off_e4": "discount_n"}
    made = {name: e4(f"cast({of} * {share} AS {TYPE})" if share else of) for name, of in names.items()}
    if not plan.columns("order_discount") and not _is_refunded(plan):
        columns = ", ".join(f"{sql} AS {name}" for name, sql in made.items())
        return f"SELECT *, {columns}, 0 AS refunded_e4, 0 AS back_e4, {kept} AS kept FROM ({source})"
    columns = ", ".join(f"{sql} AS {name}" for name, sql in made.items())
    rows = f"SELECT *, {columns}, {kept} AS kept FROM ({source})"
    if plan.columns("order_discount"):
        rows = _spread(rows, _of_order(plan, "order_discount"), "order_off_e4")
        taken = "amount_e4 - order_off_e4 AS amount_e4, coalesce(off_e4, 0) + order_off_e4 AS off_e4"
        rows = f"SELECT * REPLACE ({taken}) FROM ({rows})"
    return _refunds(plan, rows)


def _is_refunded(plan: Plan) -> bool:
    return bool(plan.columns("refunded") or plan.columns("refunded_quantity"))


def _refunds(plan: Plan, rows: str) -> str:
    if not _is_refunded(plan):
        return f"SELECT *, 0 AS refunded_e4, 0 AS back_e4 FROM ({rows})"
    pieces = "least(abs(coalesce(refunded_quantity_n, 0)), abs(kept))"
    if not plan.columns("refunded"):
        part = f"cast(round(cast(amount_e4 AS DOUBLE) * cast({pieces} / kept AS DOUBLE) / 100) * 100 AS BIGINT)"
        by_pieces = (
            f"CASE WHEN NOT (kept > 0 AND amount_e4 > 0) THEN 0 WHEN {pieces} = kept THEN amount_e4 ELSE {part} END"
        )
        return f"SELECT *, coalesce({by_pieces}, 0) AS refunded_e4, {e4(pieces)} AS back_e4 FROM ({rows})"
    if "refunded" in plan.found.money.of_order:
        back = _of_order(plan, "refunded")
        if "tax" in plan.found.money.terms and plan.columns("tax"):  # what was given back holds its tax
            held = f"sum(greatest(amount_e4, 0)) OVER ({_ORDER}) AS net_all"
            rows = f"SELECT *, {held}, {_of_order(plan, 'tax')} AS tax_all FROM ({rows})"
            share = f"cast({back} AS DOUBLE) * net_all / (net_all + tax_all)"
            share = f"cast(round({share} / 100) * 100 AS BIGINT)"
            back = f"CASE WHEN net_all + tax_all > 0 THEN {share} ELSE {back} END"
        rows = _spread(rows, back, "refunded_e4")
    else:
        rows = _of_lines(plan, rows)
    whole = f"CASE WHEN refunded_e4 > 0 AND refunded_e4 = amount_e4 THEN {e4('kept')} ELSE 0 END"
    back = (
        f"CASE WHEN coalesce(refunded_quantity_n, 0) <> 0 THEN {e4(pieces)} ELSE {whole} END"
        if plan.columns("refunded_quantity")
        else whole
    )
    return f"SELECT *, {back} AS back_e4 FROM ({rows})"


def _of_lines(plan: Plan, rows: str) -> str:
    """What was given back of each line; what is more than it holds after the order's discount is of the others."""
    said = f"abs(coalesce({e4('refunded_n')}, 0))"
    own = f"least({said}, greatest(coalesce(amount_e4, 0), 0))"
    rows = f"SELECT *, {own} AS own_e4, {said} - {own} AS more_e4 FROM ({rows})"
    if not plan.columns("order_discount"):
        return f"SELECT *, own_e4 AS refunded_e4 FROM ({rows})"
    rows = _spread(rows, f"sum(more_e4) OVER ({_ORDER})", "spread_e4", held="amount_e4 - own_e4")
    return f"SELECT *, own_e4 + spread_e4 AS refunded_e4 FROM ({rows})"


def _of_order(plan: Plan, field: str) -> str:
    """An order's money in ten-thousandths: said once, or its lines' sum."""
    own = f"coalesce({e4(f'abs({field}_n)')}, 0)"
    return f"{'max' if field in plan.found.money.of_order else 'sum'}({own}) OVER ({_ORDER})"


def _spread(rows: str, value: str, name: str, held: str = "amount_e4") -> str:
    """Spread an order's money over its lines by what they hold: whole cents, the largest remainders first."""
    held = f"cast(greatest(coalesce({held}, 0), 0) AS HUGEINT)"
    base = (
        f"SELECT *, {held} AS w, cast(sum({held}) OVER ({_ORDER}) AS HUGEINT) AS w_all, {value} AS v_said FROM ({rows})"
    )
    said = f"SELECT *, cast(least(v_said, w_all) AS HUGEINT) AS v FROM ({base})"
    unit = "CASE WHEN v % 100 = 0 THEN 100 ELSE 1 END"
    cut = (
        f"SELECT *, {unit} AS unit, CASE WHEN w_all > 0 THEN v * w // w_all // ({unit}) * ({unit}) ELSE 0 END AS part, "
        f"CASE WHEN w_all > 0 THEN v * w % (w_all * ({unit})) ELSE 0 END AS rest FROM ({said})"
    )
    left = f"(v - sum(part) OVER ({_ORDER})) // unit"
    nth = f"row_number() OVER ({_ORDER} ORDER BY w > 0 DESC, rest DESC, row_no) AS nth"
    ranked = f"SELECT *, {left} AS n_left, {nth} FROM ({cut})"
    share = "CASE WHEN w_all > 0 AND nth <= n_left THEN part + unit ELSE part END"
    gone = "w, w_all, v_said, v, unit, part, rest, n_left, nth"
    return f"SELECT * EXCLUDE ({gone}), cast({share} AS BIGINT) AS {name} FROM ({ranked})"
