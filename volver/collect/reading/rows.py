"""The SQL that turns a planned file into canonical rows, in layers: cells, values, amounts, verdict."""

from dataclasses import dataclass

from volver.collect.reading import amounts, dates
from volver.collect.reading.canonical import PARSED
from volver.collect.reading.contents import Column
from volver.collect.reading.currencies import CODES, SIGNS
from volver.collect.reading.names import CANCELLED, bare_key
from volver.collect.reading.numbers import MOST_LINE, MOST_MONEY, TYPE, e4
from volver.collect.reading.plans import Plan, date_text, is_typed_date
from volver.collect.reading.quoting import literal
from volver.collect.reading.row_kinds import kind_sql
from volver.collect.reading.stated import written_sql

# Lists, not IN: the engine would make each IN a join.
_NOTHING = "['nan', 'null', 'none', 'undefined', 'n/a', 'na', '<na>', '(null)', 'nil', '-', 'nat']"
_NOBODY = (
    "['nan', 'null', 'none', 'undefined', 'n/a', 'na', '<na>', '(null)', 'nil', '-', 'nat', '0', '-1', "
    "'guest', 'guests', 'invitado', 'invitada', 'anonymous', 'anonimo', 'anónimo', 'unknown', "
    "'desconocido', 'no customer', 'sin cliente']"
)
_SOMEBODY = _NOBODY.replace("'0', ", "")
_DAY_US = 86_400_000_000
_OLDEST_US = 788_918_400_000_000  # 1995-01-01: before it nobody sold online
# What trackers write where there was no campaign.
_NO_CAMPAIGN = "['(not set)', '(none)', '(direct)', '(organic)', '(referral)', 'no campaign', 'sin campaña']"
_FILLED = (
    *("date", "time", "email", "customer_ref", "customer_name", "city", "country", "channel", "campaign"),
    *("currency", "status", "updated"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What holds for every file of an import: currency and zones, and the present moment."""

    currency: str
    timezone: str
    shop_timezone: str
    now_us: int


def rows_sql(plan: Plan, file_no: int, frame: Frame) -> str:
    """One SELECT with the canonical columns of the plan's kind, a row for each row of the file."""
    match plan.found.as_:
        case "orders":
            return _orders(plan, file_no, frame)
        case "products":
            return _products(plan, file_no)
        case _:
            return _customers(plan, file_no)


def _orders(plan: Plan, file_no: int, frame: Frame) -> str:
    final = {
        "file_no": str(file_no),
        "order_ref": "order_no",
        "has_time": str(int(plan.has_time)),
        "quantity_e4": e4("kept"),
        "unit_price_e4": _shown_price(),
        "net_exact": "worth",
        "discount_e4": "coalesce(off_e4, 0)",
        "cost_e4": _cost(plan),
        "refunded_quantity_e4": "back_e4",
        "raw": _raw(plan),
        "full_key": f"hash({', '.join(column.sql for column in plan.table.columns)})",
    }
    judged = (
        f"SELECT *, {_problem(plan, frame)} AS problem, {_order_ref(plan)} AS order_no FROM ({valued_sql(plan, frame)})"
    )
    return _select(plan, final, judged)


def valued_sql(plan: Plan, frame: Frame) -> str:
    """The rows with everything that their cells say: references, times, and the money after discounts."""
    cells = ", ".join(f"{sql} AS {name}" for name, sql in _cells(plan, frame).items())
    values = f"SELECT *, {cells} FROM {_source(plan)}"
    units, gross = amounts.units(plan), amounts.gross(plan)
    timed = f"SELECT *, {_instant(plan, frame)} AS ts_us, {units} AS units, {gross} AS gross FROM ({values})"
    paid = (
        f"SELECT *, {_day(plan, frame)} AS day, {amounts.discount(plan)} AS discount_n, "
        f"{amounts.worth(plan)} AS worth FROM ({timed})"
    )
    sane = f"CASE WHEN abs({{0}}) < {MOST_LINE} THEN {{0}} END"
    known = f"SELECT *, {sane.format(amounts.amount(plan))} AS amount FROM ({paid})"
    if plan.columns("kind"):  # a refund goes back, whatever sign it is written with
        turned = "CASE WHEN row_kind = 'refund' THEN -abs({0}) ELSE {0} END AS {0}"
        known = f"SELECT * REPLACE ({turned.format('amount')}, {turned.format('units')}) FROM ({known})"
    return amounts.undone(plan, known)


def _shown_price() -> str:
    """The price of a piece as the file says it; what a total makes of it where it says none."""
    of_total = (
        "CASE WHEN units <> 0 THEN try_cast(round(cast(worth AS DOUBLE) / cast(units AS DOUBLE) * 10000) AS BIGINT) END"
    )
    return f"CASE WHEN price_n IS NOT NULL THEN {e4('price_n')} ELSE {of_total} END"


def _cost(plan: Plan) -> str:
    cost = "cost_n" if plan.found.money.cost_of == "line" else f"cast(cost_n * kept AS {TYPE})"
    return f"CASE WHEN abs({cost}) < {MOST_LINE} THEN {e4(f'({cost})')} END"


def _select(plan: Plan, final: dict[str, str], source: str) -> str:
    kind = plan.found.as_ or "orders"
    shown = ", ".join(f"cast({final.get(name, name)} AS {type_}) AS {name}" for name, type_ in PARSED[kind].items())
    return f"SELECT {shown} FROM ({source})"


def _once(plan: Plan) -> bool:
    """Whether the total is the order's, and counts on its first line."""
    return plan.found.money.lines == "order"


def _source(plan: Plan) -> str:
    """The scan; where an order's common fields stand on its first line only, its other lines get them too."""
    scan = _continued(plan) if plan.found.continues else plan.table.scan
    if not plan.columns("order_ref") or not (plan.found.fill or _once(plan)):
        return scan
    ref = f"nullif(trim(cast({plan.columns('order_ref')[0].sql} AS VARCHAR)), '')"
    swapped = []
    filled = {column.sql: column for field in _FILLED for column in plan.columns(field)} if plan.found.fill else {}
    filled.pop(plan.columns("order_ref")[0].sql, None)
    for sql, column in filled.items():
        cell = f"nullif({sql}, '')" if column.kind == "text" else sql
        window = f"PARTITION BY {ref} ORDER BY row_no ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING"
        swapped.append(
            f"coalesce({cell}, CASE WHEN {ref} IS NOT NULL THEN first_value({cell} IGNORE NULLS) OVER ({window}) END) "
            f"AS {sql}"
        )
    if _once(plan):
        total = plan.columns("total")[0]
        zero = "'0'" if total.kind == "text" else "0"
        first = f"row_number() OVER (PARTITION BY {ref} ORDER BY row_no) = 1"
        swapped.append(f"CASE WHEN {first} OR {ref} IS NULL THEN {total.sql} ELSE {zero} END AS {total.sql}")
    return f"(SELECT * REPLACE ({', '.join(swapped)}) FROM {scan})" if swapped else scan


def _continued(plan: Plan) -> str:
    """The scan; a row that names neither order nor date is a line of the order above, if it names a product."""
    order = plan.columns("order_ref")[0]
    goods = [column for field in ("product_ref", "product_name") for column in plan.columns(field)]
    named = " OR ".join(f"trim(cast({column.sql} AS VARCHAR)) <> ''" for column in goods)
    cell = f"nullif(trim(cast({order.sql} AS VARCHAR)), '')"
    day = dates.blank(f"cast({plan.columns('date')[0].sql} AS VARCHAR)")
    none = f"{cell} IS NULL AND {day} AND ({named})"
    above = "ORDER BY row_no ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"
    value = f"nullif({order.sql}, '')" if order.kind == "text" else order.sql
    filled = f"CASE WHEN {none} THEN last_value({value} IGNORE NULLS) OVER ({above}) ELSE {order.sql} END"
    return f"(SELECT * REPLACE ({filled} AS {order.sql}) FROM {plan.table.scan})"


def _cells(plan: Plan, frame: Frame) -> dict[str, str]:
    """Every field as text or number; NULL where it says nothing."""
    found = {field: _plain(plan, field) for field in ("line_ref", "city", "country", "channel", "category")}
    found["campaign"] = _campaign(plan)
    found["status"] = _status(plan)
    found["updated_us"] = _updated(plan)
    found |= {"customer_name": _plain(plan, "customer_name"), "product_name": _plain(plan, "product_name")}
    email = f"lower({_plain(plan, 'email')})"
    found["email"] = (
        f"CASE WHEN contains({email}, '@') THEN {email} END" if plan.columns("email") else "cast(NULL AS VARCHAR)"
    )
    found["order_id"] = _reference(plan, "order_ref")
    found["product_ref"] = f"coalesce({_reference(plan, 'product_ref')}, {found['product_name']})"
    found["customer_ref"] = _customer(plan, found["email"])
    found["local_ts"], found["instant_us"] = _dates(plan)
    found |= amounts.cells(plan)
    if plan.columns("kind"):
        found["row_kind"] = kind_sql(plan.columns("kind")[0])
    if plan.columns("cancelled_quantity") and plan.columns("quantity"):
        gone = "quantity_n > 0 AND abs(cancelled_quantity_n) >= quantity_n"
        found["status"] = f"CASE WHEN {gone} THEN 'cancelled' ELSE {found.pop('status')} END"
    written = f"upper({_plain(plan, 'currency')})"
    signs = " ".join(f"WHEN {literal(sign)} THEN {literal(code)}" for sign, code in SIGNS.items())
    expected = literal(frame.currency)
    in_cells = written_sql(plan.found.fields, frame.currency)
    in_column = f"CASE {written} {signs} ELSE {written} END" if plan.columns("currency") else in_cells
    found["currency"] = f"coalesce({in_column}, {expected})" if in_column else expected
    return found


def _status(plan: Plan) -> str:
    """The status as written; `cancelled` where the day of the cancellation stands in a column of its own."""
    columns = plan.columns("status")
    if not columns or not CANCELLED.search(bare_key(columns[-1].name)):
        return _plain(plan, "status")
    day = columns[-1]
    none = dates.blank(f"cast({day.sql} AS VARCHAR)")
    written = f"nullif(trim({_as_text(columns[0])}), '')" if len(columns) > 1 else "cast(NULL AS VARCHAR)"
    return f"CASE WHEN NOT {none} THEN 'cancelled' ELSE {written} END"


def _updated(plan: Plan) -> str:
    """When the order was last changed, to be compared with other files only; NULL where no column says so."""
    if not plan.columns("updated"):
        return "cast(NULL AS BIGINT)"
    column = plan.columns("updated")[0]
    if column.kind == "instant":
        return f"epoch_us({column.sql})"
    if column.kind != "text":
        return f"epoch_us(try_cast({column.sql} AS TIMESTAMP))"
    read = f"try_cast({column.sql} AS TIMESTAMP)"
    if plan.date_plan is not None:
        read = f"coalesce({read}, {dates.local_sql(plan.date_plan, column.sql)})"
    return f"epoch_us({read})"


def _plain(plan: Plan, field: str) -> str:
    """The trimmed text of a field; several columns are joined with a blank."""
    columns = plan.columns(field)
    if not columns:
        return "cast(NULL AS VARCHAR)"
    texts = [_filled_text(column) for column in columns]
    text = f"nullif(concat_ws(' ', {', '.join(texts)}), '')" if len(texts) > 1 else texts[0]
    return text if columns[0].kind == "integer" else _unless(text, _NOTHING)


def _campaign(plan: Plan) -> str:
    return _unless(_plain(plan, "campaign"), _NO_CAMPAIGN)


def _unless(text: str, words: str) -> str:
    """NULL for texts that mean nothing; numbers and long texts are not even compared."""
    sure = f"length({text}) > 12 OR ({text} >= '1' AND {text} < ':')"
    return f"CASE WHEN {sure} THEN {text} WHEN list_contains({words}, lower({text})) THEN NULL ELSE {text} END"


def _filled_text(column: Column) -> str:
    return _as_text(column) if column.kind == "integer" else f"nullif(trim({_as_text(column)}), '')"


def _as_text(column: Column) -> str:
    match column.kind:
        case "text":
            return column.sql
        case "float":
            whole = f"{column.sql} = floor({column.sql}) AND abs({column.sql}) < 9e15"
            plain = f"cast({column.sql} AS VARCHAR)"
            return f"CASE WHEN {whole} THEN cast(cast({column.sql} AS BIGINT) AS VARCHAR) ELSE {plain} END"
        case "decimal":
            return f"regexp_replace(cast({column.sql} AS VARCHAR), '[.]0+$', '')"
        case _:
            return f"cast({column.sql} AS VARCHAR)"


def _reference(plan: Plan, field: str) -> str:
    text = _plain(plan, field)
    if plan.columns(field):
        text = _bare(plan.columns(field)[0], text)
    return f"regexp_replace({text}, '^([0-9]+)[.]0$', '\\1')" if field in plan.floats else text


def _bare(column: Column, text: str) -> str:
    """A reference without the apostrophe by which a spreadsheet marks a text."""
    marked = any(cell.startswith("'") for cell in column.filled)
    return f"nullif(ltrim({text}, chr(39)), '')" if marked else text


def _customer(plan: Plan, email: str) -> str:
    """Who bought: the id, else the e-mail, else (if the file has neither) the name; NULL for nobody."""
    if plan.columns("customer_ref"):
        column = plan.columns("customer_ref")[0]
        text = _bare(column, _filled_text(column))
        if column.kind == "text":
            text = (
                f"CASE WHEN contains({text}, '.') THEN regexp_replace({text}, '^([0-9]+)[.]0+$', '\\1') ELSE {text} END"
            )
        bare = _unless(text, _SOMEBODY if _counts_from_zero(column) else _NOBODY)
        return f"coalesce({bare}, {email})" if plan.columns("email") else bare
    if plan.columns("email"):
        return email
    name = _plain(plan, "customer_name")
    return _unless(name, _NOBODY)


def _counts_from_zero(column: Column) -> bool:
    """Whether customer 0 is the first of many, not what stands where there is none."""
    seen = set(column.filled)
    n_zero = sum(cell == "0" for cell in column.filled)
    return {"0", "1", "2"} <= seen and column.p_whole >= 0.99 and n_zero * len(seen) <= 3 * len(column.filled)


def _dates(plan: Plan) -> tuple[str, str]:
    """The naive time and the instant of a row; one of them is NULL."""
    if not is_typed_date(plan):
        assert plan.date_plan is not None
        text = date_text(plan)
        return dates.local_sql(plan.date_plan, text), dates.instant_sql(plan.date_plan, text)
    column = plan.columns("date")[0]
    if column.kind == "instant":
        return "cast(NULL AS TIMESTAMP)", f"epoch_us({column.sql})"
    return f"cast({column.sql} AS TIMESTAMP)", "cast(NULL AS BIGINT)"


def _instant(plan: Plan, frame: Frame) -> str:
    """Microseconds since 1970. A date without a time is the shop's midnight."""
    if not plan.has_time:
        return f"epoch_us(timezone({literal(frame.shop_timezone)}, date_trunc('day', local_ts)))"
    zone = literal(_zone(plan, frame))
    if plan.columns("timezone"):
        said = _plain(plan, "timezone")
        known = "(SELECT list(name) FROM pg_timezone_names())"
        zone = f"CASE WHEN list_contains({known}, {said}) THEN {said} ELSE {zone} END"
    there = f"timezone({zone}, local_ts)"
    return f"coalesce(instant_us, epoch_us({there}))"


def _zone(plan: Plan, frame: Frame) -> str:
    """The zone of times that name none: what the person said, else what the heading says, else the shop's."""
    return frame.timezone if frame.timezone != frame.shop_timezone else plan.zone or frame.timezone


def _day(plan: Plan, frame: Frame) -> str:
    """The day in the shop's zone."""
    here = f"cast(timezone({literal(frame.shop_timezone)}, make_timestamptz(ts_us)) AS DATE)"
    if not plan.has_time:
        return "cast(local_ts AS DATE)"
    if _zone(plan, frame) == frame.shop_timezone and not plan.columns("timezone"):
        return f"CASE WHEN instant_us IS NULL THEN cast(local_ts AS DATE) ELSE {here} END"
    return here


def _problem(plan: Plan, frame: Frame) -> str:
    """The first reason why the row cannot be used."""
    columns = plan.table.columns
    texts = ", ".join(column.sql for column in columns)
    empty = f"trim(concat({texts})) = ''"
    cases = ["WHEN fault IS NOT NULL THEN fault", "WHEN trim(surplus) <> '' THEN 'too_many_columns'"]
    cases.append(f"WHEN ({'order_id' if plan.columns('order_ref') else 'ts_us'} IS NULL) AND {empty} THEN 'empty_row'")
    if plan.table.is_padded:
        needed = ("order_ref", "date", "quantity", "unit_price", "total", "customer_ref", "email")
        last = max(int(column.sql[1:]) for field in needed for column in plan.columns(field))
        cases.append(f"WHEN c{last} IS NULL THEN 'too_few_columns'")
    if plan.columns("order_ref"):
        cases.append("WHEN order_id IS NULL THEN 'no_order_ref'")
    column = plan.columns("date")[0]
    none = dates.blank(column.sql) if column.kind == "text" else f"{column.sql} IS NULL"
    cases.append(f"WHEN ts_us IS NULL THEN CASE WHEN {none} THEN 'no_date' ELSE 'bad_date' END")
    cases.append(
        f"WHEN ts_us > {frame.now_us + _DAY_US} THEN 'future_date' WHEN ts_us < {_OLDEST_US} THEN 'absurd_date'"
    )
    if plan.columns("kind"):
        cases.append("WHEN row_kind = 'none' THEN 'no_sale'")
    if plan.found.sums_up:
        whole = "OVER (PARTITION BY order_id)"
        twice = f"2 * quantity_n = sum(quantity_n) {whole}"
        cases.append(f"WHEN product_ref IS NULL AND count(product_ref) {whole} > 0 AND {twice} THEN 'no_sale'")
    cases.append("WHEN units IS NULL AND quantity_as_read IS NULL THEN 'bad_quantity'")
    money = [field for field in ("unit_price", "total") if plan.columns(field)]
    blank = " AND ".join(amounts.is_blank(plan, field) for field in money)
    unread = " AND ".join(
        {"unit_price": "price_as_read IS NULL", "total": "total_as_read IS NULL"}[field] for field in money
    )
    cases.append(f"WHEN {unread} THEN CASE WHEN {blank} THEN 'no_price' ELSE 'bad_price' END")
    cases.append(f"WHEN amount IS NULL OR abs(amount) >= {MOST_LINE} OR abs(worth) >= {MOST_LINE} THEN 'absurd_amount'")
    if plan.columns("currency") or written_sql(plan.found.fields, frame.currency):
        codes = ", ".join(literal(code) for code in sorted(CODES))
        known = f"CASE WHEN list_contains([{codes}], currency) THEN 'other_currency' ELSE 'unknown_currency' END"
        cases.append(f"WHEN currency <> {literal(frame.currency)} THEN {known}")
    return f"CASE {' '.join(cases)} END"


def _order_ref(plan: Plan) -> str:
    """The order's number. Without one, an order is what a customer bought at one instant; guests' rows stand alone."""
    if plan.columns("order_ref"):
        return "order_id"
    when = "strftime(make_timestamp(ts_us), '%Y-%m-%dT%H:%M:%S')" if plan.has_time else "cast(day AS VARCHAR)"
    who = "CASE WHEN contains(customer_ref, '@') THEN substr(md5(customer_ref), 1, 16) ELSE customer_ref END"
    row = "substr(md5(concat_ws('|', ts_us, product_ref, units, amount)), 1, 16)"
    return f"CASE WHEN ts_us IS NOT NULL THEN coalesce({who} || '@' || {when}, 'guest-' || {row}) END"


def _raw(plan: Plan) -> str:
    """The source's cells as JSON, for rows with a problem only."""
    cells = ", ".join(f"{literal(column.name)}: cast({column.sql} AS VARCHAR)" for column in plan.table.columns)
    line = "cast(to_json({'line': line}) AS VARCHAR)"
    return (
        f"CASE WHEN problem IS NULL THEN NULL WHEN fault IS NOT NULL THEN {line} "
        f"ELSE cast(to_json({{{cells}}}) AS VARCHAR) END"
    )


def _products(plan: Plan, file_no: int) -> str:
    money = {
        name: _price_e4(plan, plan.columns(field)[0]) if plan.columns(field) else "NULL"
        for name, field in (("price_e4", "unit_price"), ("cost_e4", "cost"))
    }
    source = (
        f"SELECT *, {_reference(plan, 'product_ref')} AS product_ref, {_plain(plan, 'product_name')} AS name, "
        f"{_plain(plan, 'category')} AS category FROM {plan.table.scan}"
    )
    problem = f"CASE {_faults()} WHEN product_ref IS NULL THEN 'no_product_ref' END"
    judged = f"SELECT *, {problem} AS problem FROM ({source})"
    return _select(plan, {"file_no": str(file_no), "raw": _raw(plan), **money}, judged)


def _price_e4(plan: Plan, column: Column) -> str:
    """A price in ten-thousandths; nothing where it is too large to be true."""
    value = f"({amounts.number(plan, column)})"
    return f"CASE WHEN abs({value}) < {MOST_MONEY} THEN {e4(value)} END"


def _customers(plan: Plan, file_no: int) -> str:
    email = f"lower({_plain(plan, 'email')})"
    email = f"CASE WHEN contains({email}, '@') THEN {email} END"
    named = {"name": "customer_name", "city": "city", "country": "country", "channel": "channel"}
    texts = ", ".join(f"{_plain(plan, field)} AS {name}" for name, field in named.items())
    texts += f", {_campaign(plan)} AS campaign"
    source = f"SELECT *, {email} AS email, {_customer(plan, email)} AS customer_ref, {texts} FROM {plan.table.scan}"
    problem = f"CASE {_faults()} WHEN customer_ref IS NULL THEN 'no_customer_ref' END"
    judged = f"SELECT *, {problem} AS problem FROM ({source})"
    return _select(plan, {"file_no": str(file_no), "raw": _raw(plan)}, judged)


def _faults() -> str:
    return "WHEN fault IS NOT NULL THEN fault WHEN trim(surplus) <> '' THEN 'too_many_columns'"
