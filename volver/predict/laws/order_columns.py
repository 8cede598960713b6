"""Which column of a list of orders is which, and its days and money as numbers.

Pure numerics over a frame of any dialect or a mapping of columns.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

import numpy as np

from volver.core import VolverError
from volver.predict.laws.history import MissingColumns
from volver.predict.numerics.arrays import Floats
from volver.predict.numerics.frames import eager

# Names are compared in lower case and without spaces, underscores or any other sign; earlier ones are preferred.
_CUSTOMER: Final = (
    *("customeruniqueid", "customer", "customerid", "customernumber", "customerno", "customerkey", "cust", "custid"),
    *("client", "clientid", "cliente", "user", "userid", "buyer", "buyerid", "member", "memberid", "customeremail"),
    *("email", "id"),
)
_WHEN: Final = (
    *("when", "day", "date", "orderdate", "orderedat", "orderat", "placedat", "orderpurchasetimestamp"),
    *("purchasedate", "purchasedat", "transactiondate", "invoicedate", "createdat", "created", "datetime"),
    *("ordertime", "timestamp", "ts", "time", "fecha"),
)
_VALUE: Final = (
    *("value", "amount", "amountusd", "total", "totalprice", "totalamount", "ordertotal", "ordervalue"),
    *("orderamount", "grandtotal", "revenue", "sales", "spend", "monetary", "payment", "paymentvalue", "price"),
)
_PER_PIECE: Final = ("quantity", "qty", "units")  # beside one of these a price is that of one piece
_NOTHING: Final = ("None", "nan", "NaN", "NaT", "<NA>", "")
_SIGNED: Final = re.compile(r"(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2})(?:\D.*)?)?")
_EIGHT: Final = re.compile(r"(\d{4})(\d{2})(\d{2})(?:\d{4}|\d{6}|\D.*)?")
_FIRST, _LAST = np.datetime64("0001-01-01"), np.datetime64("9999-12-31")


class BadOrders(VolverError):
    """Orders that cannot be read, or none at all until the day that is asked for."""

    code = "predict.bad_orders"
    says = "These orders cannot be read: {why}."
    hint = "Give a frame with a customer, a date and, if you have it, a value; or name the columns."


def order_columns(
    frame: Any, customer: str | None, when: str | None, value: str | None, zone: str | None
) -> tuple[Any, Any, Floats | None]:
    """Customers as they came, days (datetime64) and money; None where no column tells of money.

    Raises `BadOrders`, `MissingColumns`.
    """
    if isinstance(frame, Mapping):
        names = list(frame)
        whose = np.asarray(frame[_named(names, customer, _CUSTOMER)])
        day = as_days(np.asarray(frame[_named(names, when, _WHEN)]))
        what = _money_name(names, value)
        money = None if what is None else _as_money(frame[what])
        if not len(whose) == len(day) == len(day if money is None else money):
            raise BadOrders(why="the columns differ in length")
        return whose, day, money
    import narwhals as nw  # only a frame needs it

    rows = eager(frame, BadOrders)
    whose = rows.get_column(_named(rows.columns, customer, _CUSTOMER)).to_numpy()
    times = rows.get_column(_named(rows.columns, when, _WHEN))
    dtype = times.dtype
    if isinstance(dtype, nw.Datetime) and dtype.time_zone is not None:
        local = times.dt.convert_time_zone(zone) if zone else times
        times = local.dt.replace_time_zone(None)
    what = _money_name(rows.columns, value)
    if what is None:
        return whose, as_days(times.to_numpy()), None
    told = rows.get_column(what)
    return (
        whose,
        as_days(times.to_numpy()),
        _as_money(told.cast(nw.Float64).to_numpy() if told.dtype.is_numeric() else told.to_list()),
    )


def present(whose: Any) -> tuple[Any, Any]:
    """Customers as numbers or text, and where there is one."""
    if whose.dtype.kind == "f":
        return whose, np.isfinite(whose)
    if whose.dtype.kind != "O":
        return whose, np.ones(len(whose), dtype=bool)
    text = whose.astype(np.str_)
    return text, ~np.isin(text, _NOTHING)


def as_days(times: Any) -> Any:
    """Days of times, of texts as 2024-06-24, 2024/06/24 or 20240624, and of such numbers. Raises `BadOrders`."""
    if times.dtype.kind == "M":
        return _usual(times.astype("datetime64[D]"))
    if times.dtype.kind in "iuf":
        return _usual(_days_of_numbers(times))
    if times.dtype.kind not in "OUST":
        raise BadOrders(why="the times are no dates")
    text = times.astype("U19")
    known = ~np.isin(text, _NOTHING)
    found = np.full(len(text), np.datetime64("NaT"), dtype="datetime64[D]")
    found[known] = _days_of_texts(text[known])
    return _usual(found)


def as_day(given: Any) -> date:
    """One day: a date, or text as `as_days` reads it. Raises `BadOrders`."""
    try:
        return date.fromisoformat(str(_read(str(given))))
    except ValueError as wrong:
        raise BadOrders(why=f"{given!r} is not a day") from wrong


def _days_of_texts(text: Any) -> Any:
    if not len(text):
        return text.astype("datetime64[D]")
    short = np.ascontiguousarray(text.astype("U10"))
    signs = short.view(np.uint32).reshape(-1, 10)
    if np.all((signs[:, 4] == ord("-")) & (signs[:, 7] == ord("-"))):  # the usual form, read at once
        try:
            return short.astype("datetime64[D]")
        except ValueError as wrong:
            raise BadOrders(why=str(wrong)) from wrong
    distinct, place = np.unique(text, return_inverse=True)
    try:
        read = np.array([_read(each) for each in distinct.tolist()], dtype="datetime64[D]")
    except ValueError as wrong:
        raise BadOrders(why=str(wrong)) from wrong
    return read[place.reshape(-1)]


def _read(text: str) -> date:
    found = _SIGNED.fullmatch(text.strip()) or _EIGHT.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is not a day; write 2024-06-24")
    year, month, day = found.groups()
    return date(int(year), int(month), int(day or 1))


def _days_of_numbers(times: Any) -> Any:
    known = np.isfinite(times)
    if not np.all((times[known] == np.rint(times[known])) & (times[known] >= 10_000_101) & (times[known] < 1e8)):
        raise BadOrders(why="the times are numbers, not dates")
    found = np.full(len(times), np.datetime64("NaT"), dtype="datetime64[D]")
    found[known] = _days_of_texts(times[known].astype(np.int64).astype("U19"))
    return found


def _usual(days: Any) -> Any:
    if np.any((days < _FIRST) | (days > _LAST)):  # never of a NaT
        raise BadOrders(why="a year lies before 1 or beyond 9999")
    return days


def _as_money(values: Any) -> Floats:
    try:
        return (
            np.array([np.nan if each is None else each for each in values], dtype=np.float64)
            if isinstance(values, list)
            else np.asarray(values, dtype=np.float64)
        )
    except (TypeError, ValueError) as wrong:
        raise BadOrders(why="a value is no number") from wrong


def _money_name(names: Sequence[Any], given: str | None) -> Any:
    pieces = any(_plain(name) in _PER_PIECE for name in names)
    return _named(names, given, _VALUE[:-1] if pieces else _VALUE, needed=given is not None)


def _named(names: Sequence[Any], given: str | None, usual: Sequence[str], *, needed: bool = True) -> Any:
    """The column that is meant; None where there is none and none is needed."""
    plain = {_plain(name): name for name in reversed(names)}
    found = next((plain[name] for name in usual if name in plain), None)
    if given is not None:
        found = given if given in names else None
    if found is None and needed:
        raise MissingColumns(missing=given if given is not None else "customer" if "customer" in usual else usual[0])
    return found


def _plain(name: Any) -> str:
    return re.sub(r"[\W_]", "", str(name)).lower()
