"""What programs may ask of know: the command line's answers, typed."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, Final

from volver.core import Parameter, Question, Words
from volver.know.answers import STAGES
from volver.know.exports import customers_csv
from volver.know.figures import kpi
from volver.know.json_values import plain
from volver.know.lifecycle import stages
from volver.know.listing import Choice, customers
from volver.know.profile import customer
from volver.know.replies import (
    Cohorts,
    Customer,
    CustomerList,
    DataHealth,
    KeyFigures,
    OwnSegment,
    SegmentList,
    SegmentName,
    SegmentToSave,
    Stages,
)
from volver.know.retention import cohorts
from volver.know.segment_rules import segments
from volver.know.segment_store import (
    SavedSegment,
    delete_segment,
    groups,
    rename_segment,
    save_segment,
    saved_summaries,
)
from volver.know.summary import health
from volver.store import CSV_TYPE, CsvMarks, Shop

Say = Callable[[Words], str]
_AT: Final = Parameter(name="at", kind="day", says="As of this day (default: the last refresh).")
_SORTS: Final = ("value", "net", "orders", "last", "soon", "alive", "name")


def _customers(shop: Shop, *, ascending: str = "no", **asked: Any) -> Any:
    page = customers(shop, descending=ascending == "no", **{"limit": 20, **asked})
    rows = [plain(row) for row in page.rows]
    return {"total": page.total, "currency": shop.settings.currency, "customers": rows}


def _customer(shop: Shop, *, id: int, say: Say, at: date | None = None) -> Any:  # noqa: A002  the name in the path
    return plain(customer(shop, id, at), say) | {"currency": shop.settings.currency}


def _segments(shop: Shop, *, say: Say, at: date | None = None) -> Any:
    return {"segments": plain(segments(shop, at), say), "saved": plain(saved_summaries(shop, groups(shop, at)), say)}


def _customers_csv(
    shop: Shop, *, target: Path, say: Say, marks: CsvMarks, ascending: str = "no", at: date | None = None, **asked: Any
) -> Any:
    choice = Choice(descending=ascending == "no", **asked)
    return customers_csv(shop, target, say=say, marks=marks, choice=choice, at=at)


def _save(shop: Shop, *, say: Say, body: SegmentToSave) -> Any:
    return _own(save_segment(shop, body.name, stage=body.stage, segment=body.segment), say)


def _own(found: SavedSegment, say: Say) -> Any:
    return {"key": found.key, "name": found.name, "kind": found.kind, "rule": say(found.rule)}


def _kpi(shop: Shop, *, by: str = "month", start: date | None = None, end: date | None = None) -> Any:
    rows = kpi(shop, by, start, end).rows()
    return {"by": by, "currency": shop.settings.currency, "periods": plain(rows)}


_CHOICE: Final = (
    Parameter(name="stage", kind="choice", says="Only this stage.", choices=STAGES),
    Parameter(name="segment", kind="text", says="Only this segment, by its key."),
    Parameter(name="sort", kind="choice", says="In which order (default: value).", choices=_SORTS),
    Parameter(name="ascending", kind="choice", says="Smallest first.", choices=("yes", "no")),
)
_KEY: Final = Parameter(name="key", kind="text", says="The key of a saved segment, such as saved-3.", in_path=True)

QUESTIONS: Final = (
    Question(
        path="/know/customers",
        says="Customers, a page at a time. Names are never searched here: an address must not hold one.",
        right="customers",
        parameters=(
            *_CHOICE,
            Parameter(name="limit", kind="count", says="How many (default: 20).", most=1000),
            Parameter(name="offset", kind="count", says="How many to pass over.", most=2**31),
            _AT,
        ),
        answer=_customers,
        replies=CustomerList,
    ),
    Question(
        path="/know/customers.csv",
        says="Every customer of a choice as a CSV file that a spreadsheet opens right; `lang` chooses its marks.",
        right="export",
        parameters=(*_CHOICE, _AT),
        answer=_customers_csv,
        replies=str,
        speaks=True,
        gives=CSV_TYPE,
    ),
    Question(
        path="/know/customers/{id}",
        says="One customer whole: facts, stage, segments with reasons, orders, events.",
        right="customers",
        parameters=(
            Parameter(name="id", kind="count", says="The customer's id.", most=2**63 - 1, in_path=True),
            _AT,
        ),
        answer=_customer,
        replies=Customer,
        speaks=True,
    ),
    Question(
        path="/know/stages",
        says="How many customers are in each stage, and the moves since an earlier day.",
        parameters=(_AT, Parameter(name="since", kind="day", says="Also who moved since this day.")),
        answer=lambda shop, *, say, at=None, since=None: plain(stages(shop, at, since), say),
        replies=Stages,
        speaks=True,
    ),
    Question(
        path="/know/segments",
        says="Every segment: its rule in words with this shop's thresholds, who is in it, what they are worth.",
        parameters=(_AT,),
        answer=_segments,
        replies=SegmentList,
        speaks=True,
    ),
    Question(
        path="/know/segments/save",
        method="POST",
        says="Save a stage, a segment or both at once as a segment of your own.",
        right="segment",
        answer=_save,
        replies=OwnSegment,
        takes=SegmentToSave,
        speaks=True,
    ),
    Question(
        path="/know/segments/{key}/rename",
        method="POST",
        says="Give a saved segment another name.",
        right="segment",
        parameters=(_KEY,),
        answer=lambda shop, *, say, key, body: _own(rename_segment(shop, key, body.name), say),
        replies=OwnSegment,
        takes=SegmentName,
        speaks=True,
    ),
    Question(
        path="/know/segments/{key}/delete",
        method="POST",
        says="Delete a saved segment; its customers stay.",
        right="segment",
        parameters=(_KEY,),
        answer=lambda shop, *, say, key: _own(delete_segment(shop, key), say),
        replies=OwnSegment,
        speaks=True,
    ),
    Question(
        path="/know/kpi",
        says="Key figures by day, week or month.",
        parameters=(
            Parameter(name="by", kind="choice", says="How long a period is.", choices=("day", "week", "month")),
            Parameter(name="start", kind="day", says="First day."),
            Parameter(name="end", kind="day", says="Last day."),
        ),
        answer=_kpi,
        replies=KeyFigures,
    ),
    Question(
        path="/know/cohorts",
        says="First-time buyers by month: the share who ordered again n months later, and what they spent so far.",
        parameters=(_AT,),
        answer=lambda shop, *, at=None: plain(cohorts(shop, at)),
        replies=Cohorts,
    ),
    Question(
        path="/know/health",
        says="Is the data sound? Counts of the ledger, and in words what a person should know about it.",
        answer=lambda shop, *, say: plain(health(shop), say),
        replies=DataHealth,
        speaks=True,
    ),
)
