"""Which column is which: by what the person says, then by name, then by content."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from volver.collect.reading.contents import Column
from volver.collect.reading.guesses import by_content
from volver.collect.reading.headings import read_heading
from volver.collect.reading.layouts import Layout, layout_of
from volver.collect.reading.money import Money, money_of
from volver.collect.reading.names import CANCELLED, NAMES, OTHER_DATES, bare_key, core_key, key
from volver.collect.reading.options import FIELDS, Kind
from volver.core import VolverError, Words, one_line, some_of


class UnknownField(VolverError):
    """A mapping names a field that does not exist."""

    code = "collect.unknown_field"
    says = "There is no field called {field}."
    hint = "The fields are: {known}."


class UnknownColumn(VolverError):
    """A mapping names a column that no file has."""

    code = "collect.unknown_column"
    says = "No file has a column called {column}."
    hint = "The columns are: {columns}."


class SpoiltNumbers(VolverError):
    """A spreadsheet has rounded the numbers that tell orders, customers or products apart."""

    code = "collect.spoilt_numbers"
    says = "{count} cells of {column} were cut by a spreadsheet ({shown}): different numbers have become one."
    hint = "Export the file again and import it as it is, or leave the column out: `--map FIELD=`."


Fields = Mapping[str, tuple[Column, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """What a source is. `fields` goes from field to columns (several are added or joined); `fill` if an order's
    common fields stand on its first line only, `continues` if its other lines leave even the number empty; `money` says
    how amounts are made; `sums_up` if a row without a product stands for all of an order's others; `layout` the export
    that it is, where it is a known one.
    """

    as_: Kind | None
    fields: Mapping[str, tuple[Column, ...]]
    money: Money
    fill: bool = False
    continues: bool = False
    sums_up: bool = False
    layout: Layout | None = None
    notes: tuple[Words, ...] = ()


_FIRST_LAST = (
    ("firstname", "lastname"),
    ("firstnamebilling", "lastnamebilling"),
    ("billingfirstname", "billinglastname"),
    ("nombre", "apellidos"),
    ("nombrecliente", "apellidoscliente"),
    ("customerfirstname", "customerlastname"),
)
_LINE_FIELDS = {
    "line_ref",
    "product_ref",
    "product_name",
    "category",
    "quantity",
    "unit_price",
    "total",
    "discount",
    "cost",
}
_BY_KIND: Mapping[Kind, Mapping[str, tuple[str, ...]]] = {
    "orders": {},
    "products": {
        "product_ref": (
            "variantsku",
            "sku",
            "productid",
            "id",
            "code",
            "codigo",
            "referencia",
            "reference",
            "ref",
            "handle",
        ),
        "product_name": ("name", "nombre", "title", "titulo"),
        "category": ("categories", "categorias", "productcategory", "category", "department", "type", "tipo"),
        "unit_price": ("regularprice", "variantprice", "price", "precio", "pvp", "preciorebajado", "saleprice"),
    },
    "customers": {
        "customer_ref": ("customeruniqueid", "customerid", "id", "codigo"),
        "customer_name": ("name", "nombre", "nombreyapellidos"),
        "city": ("city", "ciudad", "defaultaddresscity"),
        "country": ("country", "pais", "defaultaddresscountrycode"),
    },
}
# Names that mean one thing or another: the cells decide.
_CUSTOMER_OR_NAME = {"customer", "cliente", "client", "cust", "comprador", "buyer", "usuario", "user", "socio"}
_LOOSE = {"reference", "referencia", "documento", "receipt", "ticket", "bill", "venta", "transaction"}
_REGION = {"state", "estado", "situacion"}
_STATUS = re.compile(
    r"pag|paid|env[ií]|ship|entreg|deliver|cancel|anul|complet|pend|proces|refund|reemb|devuel|acept|fail|fall|hold|"
    r"espera|open|abiert|close|cerrad|prepar|authori|void|confirm|factur|invoice|return|"
    r"presup|quot|borrad|draft|de venta|sale|done|realiz|new$|nuev[oa]$"
)
_FIRST_LINE_ONLY = Words("An order's common fields stand on its first line only; its other lines take them from there.")
_MONTH = re.compile(r"(?:[a-zéûçä]{3,10}[-/. ]*(?:20)?\d{2}|20\d{2}[-/.]\d{1,2}|\d{1,2}[-/.]20\d{2})$")
_BARE_NAME = {"name", "nombre"}
_SPOILT = re.compile(r"\d([.,]\d+)?[eE][+]?\d{1,2}")
_FEWEST_ORDERS = 10
_FEWEST_FIRST = 2  # first lines that must say something: a few rows look like anything
_PRODUCT_OR_NAME = {"product", "producto", "item", "articulo", "detalle", "concepto"}


def recognise(
    columns: Sequence[Column], *, as_: Kind | None, said: Mapping[str, str], money: Sequence[str] = ()
) -> Recognised:
    """The fields of a source. `said` goes from field to column; a column that the source lacks is passed over."""
    given = _said(columns, said)
    layout = layout_of([column.name for column in columns])
    if as_ is None and layout is not None and layout.holds is None:
        return Recognised(as_=None, fields={}, money=Money(), layout=layout)
    likely: tuple[Kind, ...] = ("orders", "products", "customers")
    if as_ is None and layout is not None and layout.holds is not None:
        likely = (layout.holds, *(kind for kind in likely if kind != layout.holds))
    for kind in (as_,) if as_ else likely:
        its = layout if layout is not None and layout.holds == kind else None
        known = _known(columns, given, its)
        fields = _named(columns, known, kind)
        notes: list[Words] = []
        if kind == "orders":
            fields, notes = by_content(columns, fields, set(known))
        if as_ or _is(kind, columns, fields):
            used = [c for c in columns if its is None or key(c.name) not in its.ignored]
            return replace(_finished(kind, used, fields, set(given), notes, frozenset(money)), layout=its)
    return Recognised(as_=None, fields={}, money=Money())


def check_said(said: Mapping[str, str], columns: Sequence[str]) -> None:
    """Raises `collect.unknown_field` or `collect.unknown_column` for a mapping that fits no file."""
    known = {field for fields in FIELDS.values() for field in fields}
    for field, column in said.items():
        if field not in known:
            raise UnknownField(field=one_line(field), known=", ".join(sorted(known)))
        for part in _parts(column, columns):
            if part and part not in columns and key(part) not in {key(each) for each in columns}:
                raise UnknownColumn(column=one_line(part), columns=some_of(list(dict.fromkeys(columns))))


def _parts(column: str, columns: Sequence[str]) -> list[str]:
    return [column] if column in columns else [part.strip() for part in column.split(" + ")]


def _said(columns: Sequence[Column], said: Mapping[str, str]) -> dict[str, tuple[Column, ...]]:
    by_name = {column.name: column for column in columns}
    by_key = {key(column.name): column for column in reversed(columns)}
    found: dict[str, tuple[Column, ...]] = {}
    for field, text in said.items():
        parts = [by_name.get(part) or by_key.get(key(part)) for part in _parts(text, list(by_name))]
        chosen = tuple(part for part in parts if part is not None)
        if chosen or not text:
            found[field] = chosen
    return found


def _known(
    columns: Sequence[Column], given: Mapping[str, tuple[Column, ...]], layout: Layout | None
) -> dict[str, tuple[Column, ...]]:
    """What the person said, what the layout says, and names in two columns."""
    by_key = {key(column.name): column for column in reversed(columns)}
    found = dict(given)
    taken = {column.name for each in given.values() for column in each}
    for field, names in (layout.fields if layout is not None else {}).items():
        there = [by_key[name] for name in names if name in by_key and by_key[name].name not in taken]
        if field not in found and (there or names == ("",)):
            found[field] = tuple(there[:1])
    for first, last in _FIRST_LAST:
        if "customer_name" not in found and first in by_key and last in by_key:
            found["customer_name"] = (by_key[first], by_key[last])
    return found


def _named(
    columns: Sequence[Column], known: Mapping[str, tuple[Column, ...]], kind: Kind
) -> dict[str, tuple[Column, ...]]:
    """Fields found by name; what is known already stays."""
    found = dict(known)
    taken = {column.name for each in known.values() for column in each}
    order = ("order_ref", "date", "time", "email", "customer_ref", "customer_name", "product_ref", "product_name")
    fields = [*(each for each in order if each in FIELDS[kind]), *(each for each in FIELDS[kind] if each not in order)]
    for field in fields:
        if field in found:
            continue
        for column in _candidates(columns, field, kind):
            if column.name not in taken and _fits(field, column, columns, found):
                found[field] = (column,)
                taken.add(column.name)
                break
    return found


def _candidates(columns: Sequence[Column], field: str, kind: Kind) -> list[Column]:
    """The columns with a name of the field, best name first; a nested line item's own name counts for its fields."""
    wanted = (*_BY_KIND[kind].get(field, ()), *NAMES.get(field, ()))
    nested = any("[]." in column.name for column in columns)
    if nested and field == "order_ref":
        wanted = ("name", *wanted, "number", "id")
    found: list[tuple[int, int, int, Column]] = []
    for place, column in enumerate(columns):
        inside = "[]." in column.name
        if nested and field in _LINE_FIELDS and not inside and field not in ("discount",):
            continue
        if inside and field not in _LINE_FIELDS:
            continue
        name = _last_part(column.name)
        for how, text in enumerate((key(name), bare_key(name), core_key(name))):
            if text in wanted:
                found.append((how, wanted.index(text), place, column))
                break
        else:
            if not _is_named(name) and field in read_heading(name).roles:
                found.append((3, len(wanted), place, column))
    return [column for *_, column in sorted(found, key=lambda each: (each[1], each[0], each[2]))]


def _is_named(name: str) -> bool:
    """Whether the exact names know a heading: its words together are asked only where they do not."""
    texts = {key(name), bare_key(name), core_key(name)}
    return any(not texts.isdisjoint(names) for names in NAMES.values())


def _last_part(name: str) -> str:
    """What a nested name says of its own: `line_items[].sku`, `Order Lines/Product`."""
    return re.split(r"\[\]\.|(?<=\w)/(?=\w)", name)[-1]


def _fits(field: str, column: Column, columns: Sequence[Column], found: Mapping[str, tuple[Column, ...]]) -> bool:
    name = bare_key(_last_part(column.name))
    match field:
        case "date" | "updated":
            return column.is_date and (field == "updated" or not OTHER_DATES.search(name))
        case "time":
            return column.p_time >= 0.5 and bool(found.get("date"))
        case "quantity" | "unit_price" | "total" | "discount" | "cost":
            return column.is_number and column.p_date < 0.5
        case "email":
            return not column.filled or column.p_email >= 0.5
        case "customer_ref":
            prose = name in _CUSTOMER_OR_NAME and (column.p_words >= 0.3 or column.p_email >= 0.5)
            return not prose and column.may_be
        case "customer_name":
            return column.p_numeric < 0.5
        case "order_ref":
            is_number = name != "name" or all(any(c.isdigit() for c in cell) for cell in column.filled)
            unclear = name in _LOOSE and _means_product(columns)
            return column.may_be and column.p_date < 0.5 and is_number and not unclear
        case "product_ref":
            return column.may_be and not (name in _PRODUCT_OR_NAME and column.p_words >= 0.3)
        case "product_name":
            goods = name in _BARE_NAME and any(
                bare_key(c.name) in _PRODUCT_OR_NAME and c.p_words >= 0.3 for c in columns
            )
            return column.p_numeric < 0.9 and not goods  # beside an article in words, a name is the buyer's
        case "status":
            return name not in _REGION or any(_STATUS.search(cell.lower()) for cell in column.filled)
        case "currency":
            return all(len(cell) <= 5 for cell in column.filled[:200]) and column.p_numeric < 0.1
    return True


def _means_product(columns: Sequence[Column]) -> bool:
    """A bare reference beside a quantity and without another product code is the product's."""
    keys = {bare_key(column.name) for column in columns}
    return bool(keys & set(NAMES["quantity"])) and not (
        keys & (set(NAMES["product_ref"]) - {"referencia", "reference", "ref"})
    )


def _is(kind: Kind, columns: Sequence[Column], fields: Mapping[str, tuple[Column, ...]]) -> bool:
    """Whether the fields make a file of this kind: a list of products or customers names each about once."""

    def has(*names: str) -> bool:
        return any(fields.get(name) for name in names)

    if kind == "orders":
        return has("date") and has("total", "unit_price") and has("order_ref", "customer_ref", "email", "quantity")
    ref = (fields.get("product_ref" if kind == "products" else "customer_ref") or fields.get("email") or (None,))[0]
    orders = [each for each in _candidates(columns, "order_ref", "orders") if bare_key(each.name) not in _LOOSE]
    if ref is None or orders or ref.n_distinct < 0.5 * len(ref.filled):
        return False
    if sum(_MONTH.match(column.name.strip().lower()) is not None for column in columns) >= 3:  # a pivot of sums
        return False
    if kind == "products":
        if any(column.p_email >= 0.5 for column in columns):  # goods have no address
            return False
        return has("product_ref") and has("product_name", "category", "unit_price", "cost")
    return has("customer_ref", "email") and has("email", "customer_name", "city", "country", "channel")


def _finished(
    kind: Kind,
    columns: Sequence[Column],
    fields: dict[str, tuple[Column, ...]],
    given: set[str],
    notes: list[Words],
    answers: frozenset[str],
) -> Recognised:
    if kind != "orders":
        return Recognised(as_=kind, fields=fields, money=Money(), notes=tuple(notes))
    fields = _who_comes_back(_with_prose(columns, fields, given), given)
    _refuse_spoilt(fields)
    fields, money, said = money_of(columns, fields, given, answers)
    continues = _continues_above(fields)
    sums_up = _sums_up(fields)
    fill = continues or sums_up or _stands_on_first_line(fields)
    if fill:
        said.append(_FIRST_LINE_ONLY)
    return Recognised(
        as_=kind,
        fields=fields,
        money=money,
        fill=fill,
        continues=continues,
        sums_up=sums_up,
        notes=(*notes, *said),
    )


def _with_prose(
    columns: Sequence[Column], fields: dict[str, tuple[Column, ...]], given: set[str]
) -> dict[str, tuple[Column, ...]]:
    """Columns called customer or product that hold addresses, names or descriptions; and the day of a cancellation."""
    fields = dict(fields)
    for field, names, share in (
        ("email", _CUSTOMER_OR_NAME, "p_email"),
        ("customer_name", _CUSTOMER_OR_NAME, "p_words"),
        ("product_name", _PRODUCT_OR_NAME, "p_words"),
        ("customer_name", _BARE_NAME, "p_words"),
    ):
        taken = {column.name for each in fields.values() for column in each}
        prose = [c for c in columns if bare_key(c.name) in names and getattr(c, share) >= 0.3 and c.name not in taken]
        if prose and not fields.get(field) and field not in given:
            fields[field] = (prose[0],)
    called_off = [c for c in columns if CANCELLED.search(bare_key(c.name)) and (c.is_date or not c.filled)]
    if called_off and "status" not in given:
        fields["status"] = (*fields.get("status", ())[:1], called_off[0])
    return fields


def _who_comes_back(fields: dict[str, tuple[Column, ...]], given: set[str]) -> dict[str, tuple[Column, ...]]:
    """A customer number that is new with every order says nobody comes back: the e-mail beside it knows better."""
    if "customer_ref" in given or not all(fields.get(each) for each in ("customer_ref", "email", "order_ref")):
        return fields
    orders, refs, mails = (fields[each][0].n_distinct for each in ("order_ref", "customer_ref", "email"))
    if orders >= _FEWEST_ORDERS and refs >= 0.98 * orders and mails <= 0.8 * orders:
        return {field: columns for field, columns in fields.items() if field != "customer_ref"}
    return fields


def _refuse_spoilt(fields: Mapping[str, tuple[Column, ...]]) -> None:
    """Numbers that a spreadsheet has cut to 4.05E+15 are no longer anybody's own."""
    for field in ("order_ref", "customer_ref", "product_ref"):
        for column in fields.get(field, ()):
            spoilt = [cell for cell in column.filled if _SPOILT.fullmatch(cell)] if column.kind == "text" else []
            if spoilt:
                raise SpoiltNumbers(column=one_line(column.name), count=len(spoilt), shown=spoilt[0])


def _continues_above(fields: Mapping[str, tuple[Column, ...]]) -> bool:
    """Whether rows that name a product leave order and date empty: they are lines of the order above."""
    goods = [column for field in ("product_ref", "product_name") for column in fields.get(field, ())]
    if not goods or not fields.get("order_ref") or not fields.get("date"):
        return False
    order, day = fields["order_ref"][0].cells, fields["date"][0].cells

    def says(cells: Sequence[str | None], n: int) -> bool:
        return bool((cells[n] or "").strip())

    bare = [n for n in range(1, len(order)) if not says(order, n) and any(says(each.cells, n) for each in goods)]
    return len(bare) >= _FEWEST_FIRST and not any(says(day, n) for n in bare)


def _sums_up(fields: Mapping[str, tuple[Column, ...]]) -> bool:
    """Whether orders of several lines have one more, without a product, whose pieces are those of the others."""
    goods = [column for field in ("product_ref", "product_name") for column in fields.get(field, ())]
    if not goods or not fields.get("order_ref") or not fields.get("quantity"):
        return False
    pieces = fields["quantity"][0].numbers
    lines: dict[str, list[tuple[bool, float]]] = {}
    for n, ref in enumerate(fields["order_ref"][0].cells):
        if ref and pieces[n] is not None:
            lines.setdefault(ref, []).append((any((each.cells[n] or "").strip() for each in goods), pieces[n] or 0.0))
    mixed = [each for each in lines.values() if {named for named, _ in each} == {True, False}]
    sums = [sum(q for named, q in each if named) == sum(q for named, q in each if not named) for each in mixed]
    return sum(sums) >= _FEWEST_FIRST and sum(sums) >= 0.9 * len(mixed)


def _stands_on_first_line(fields: Mapping[str, tuple[Column, ...]]) -> bool:
    """Whether lines after an order's first one leave the date empty, or the status, e-mail or currency."""
    if not fields.get("order_ref") or not fields.get("date"):
        return False
    refs = fields["order_ref"][0].cells
    again = [n for n in range(1, len(refs)) if refs[n] and refs[n] == refs[n - 1]]
    if not again:
        return False
    if _empty(fields["date"][0], again) >= 0.5 * len(again):
        return True
    several = {refs[n] for n in again}
    first = [n for n in range(len(refs)) if refs[n] in several and (n == 0 or refs[n] != refs[n - 1])]
    common = [column for field in ("status", "email", "currency") for column in fields.get(field, ())]
    return any(_only_first(column, first, again) for column in common)


def _only_first(column: Column, first: Sequence[int], again: Sequence[int]) -> bool:
    """Whether a column says something on first lines and next to nothing on the lines after them."""
    on_first = len(first) - _empty(column, first)
    return on_first >= _FEWEST_FIRST and len(again) - _empty(column, again) <= 0.02 * on_first


def _empty(column: Column, rows: Sequence[int]) -> int:
    return sum(not (column.cells[n] or "").strip() for n in rows)
