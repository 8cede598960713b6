"""Lists of customers that leave: a CSV file that a spreadsheet opens right, or their e-mail addresses."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from volver.core import Words
from volver.know.answers import STAGES
from volver.know.as_of import as_of
from volver.know.listing import Choice, selected
from volver.know.segment_rules import SEGMENTS
from volver.know.words import STAGE_NAMES
from volver.store import CsvColumn, CsvKind, CsvMarks, Shop, append_csv, write_csv

MOST_EMAILS: Final = 10_000
AT_ONCE: Final = 100_000  # customers who are put in order at once: memory stays flat however many there are
# An address that can stand in a line of a mail program, and that no spreadsheet takes for a formula.
_EMAIL: Final = r"[a-z0-9_.!#$%&*/?^`{|}~\x{80}-\x{10FFFF}][^\s,;:<>\"@]*@[^\s,;:<>\"@]+\.[^\s,;:<>\"@]+"
_CENTS: Final = "cast(round({} / 100.0) * 100 as bigint)"  # an estimate has no parts of a cent
_COLUMNS: Final[tuple[tuple[str, Words, CsvKind], ...]] = (
    ("p.ref", Words("Customer number"), "text"),
    ("p.name", Words("Name"), "text"),
    ("p.email", Words("Email"), "text"),
    ("c.city", Words("City"), "text"),
    ("c.country", Words("Country"), "text"),
    ("c.channel", Words("Channel"), "text"),
    ("c.campaign", Words("Campaign"), "text"),
    ("{stage}", Words("Stage"), "text"),
    ("{segments}", Words("Segments"), "text"),
    ("p.orders", Words("Orders"), "count"),
    ("p.net_e4", Words("Spent"), "money"),
    ("f.aov_e4", Words("Per order"), "money"),
    ("f.first_day", Words("First order"), "day"),
    ("p.last_day", Words("Last order"), "day"),
    ("p.p_buy_90d", Words("Orders within 90 days"), "share"),
    (_CENTS.format("p.value_e4"), Words("Expected, 12 months"), "money"),
    (_CENTS.format("p.value_low_e4"), Words("Expected at least (90 %)"), "money"),
    (_CENTS.format("p.value_high_e4"), Words("Expected at most (90 %)"), "money"),
    ("$currency", Words("Currency"), "text"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Emails:
    """Addresses of a list, each once, in its order; how many customers have none that can be used.

    `left_out` counts addresses beyond the most that are given at once.
    """

    addresses: tuple[str, ...]
    customers: int
    without: int
    left_out: int


def customers_csv(
    shop: Shop,
    target: Path,
    *,
    say: Callable[[Words], str] = str,
    marks: CsvMarks,
    choice: Choice,
    at: date | None = None,
    at_once: int = AT_ONCE,
) -> int:
    """Write everybody whom a choice names to a CSV file, in its order; how many.

    They are put in order and written `at_once` by so many. `say` puts headings, stages and segments into the reader's
    language. Raises what `know.customers` raises.
    """
    sql, params = _spoken(say)
    columns = [CsvColumn(sql=sql.get(code, code), heading=say(said), kind=kind) for code, said, kind in _COLUMNS]
    with as_of(shop, at) as here:
        these = selected(shop, here, choice)
        places = f"row_number() over (order by {these.order()}) - 1 as place"
        picked = f"select customer_id, {places} from {these.table} where {these.where}"
        here.connection.execute(f"create temp table leaving as {picked}", these.params)
        total = int(here.sql("select count(*) as n from leaving")[0]["n"])
        write, first = write_csv, 0
        while first < max(total, 1):
            rest = f"""from leaving l join {these.table} p on p.customer_id = l.customer_id
                left join customers c on c.customer_id = l.customer_id
                left join facts f on f.customer_id = l.customer_id
                where l.place >= $first and l.place < $first + {at_once} order by l.place"""
            bound = params | {"currency": shop.settings.currency, "first": first}
            write(here.connection, target, columns, rest, marks, bound)
            write, first = append_csv, first + at_once
        return total


def customer_emails(shop: Shop, choice: Choice, most: int = MOST_EMAILS) -> Emails:
    """The e-mail addresses of everybody whom a choice names. Raises what `know.customers` raises."""
    with as_of(shop) as here:
        these = selected(shop, here, choice)
        asked = f"""
            with people as (select lower(trim(email)) as email, row_number() over (order by {these.order()}) as place
                            from {these.table} where {these.where}),
            usable as (select email, min(place) as place, count(*) as customers from people
                       where regexp_full_match(email, $email) group by email)
            select email, (select count(*) from people) as customers, sum(customers) over () as reached,
                   count(*) over () as addresses
            from usable order by place limit $most"""
        found = here.sql(asked, these.params | {"email": _EMAIL, "most": most})
        if not found:
            total = here.sql(f"select count(*) as n from {these.table} where {these.where}", these.params)[0]["n"]
            return Emails(addresses=(), customers=int(total), without=int(total), left_out=0)
    first = found[0]
    return Emails(
        addresses=tuple(row["email"] for row in found),
        customers=int(first["customers"]),
        without=int(first["customers"]) - int(first["reached"]),
        left_out=int(first["addresses"]) - len(found),
    )


def _spoken(say: Callable[[Words], str]) -> tuple[dict[str, str], dict[str, Any]]:
    """SQL that names a customer's stage and segments, and the names as its parameters."""
    stages = " ".join(f"when '{stage}' then $stage_{stage}" for stage in STAGES)
    parts = ", ".join(f"case when p.segments & {each.bit} <> 0 then $segment_{each.bit} end" for each in SEGMENTS)
    names: dict[str, Any] = {f"stage_{stage}": say(STAGE_NAMES[stage]) for stage in STAGES}
    names |= {f"segment_{each.bit}": say(each.label) for each in SEGMENTS}
    return {"{stage}": f"case p.stage {stages} end", "{segments}": f"nullif(concat_ws(', ', {parts}), '')"}, names
