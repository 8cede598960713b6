"""Do new customers come back? The cohorts as a table of cells whose class says how much."""

from dataclasses import dataclass
from typing import Any, Final

from volver import know
from volver.know import CohortReport
from volver.store import Shop, kept_answer
from volver.ui.shared.formatting import Speech

_COHORTS: Final = 14
_AHEAD: Final = 13


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell of the cohort table: what it says, and a class from q0 to q9 for how much that is."""

    says: str
    heat: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatRow:
    """A cohort: its month, its buyers, its cells."""

    month: str
    buyers: int
    cells: tuple[Cell, ...]


def heat_of(shop: Shop, spoken: Speech, cumulative: bool) -> dict[str, Any]:
    """What the cohort table needs: its rows, how many months wide it is, and which of the two tables it is."""
    report = cohorts_of(shop)
    return {"heat": _heat(report, spoken, cumulative), "most": _width(report), "cumulative": cumulative}


def cohorts_of(shop: Shop) -> CohortReport:
    """The cohorts as of the last refresh."""
    return kept_answer(shop, "cohorts", ("orders", "facts"), CohortReport, lambda: know.cohorts(shop))


def _width(report: CohortReport) -> int:
    return max((min(len(each.retention), _AHEAD) for each in report.cohorts[-_COHORTS:]), default=0)


def _heat(report: CohortReport, spoken: Speech, cumulative: bool) -> list[HeatRow]:
    shown = [each for each in report.cohorts[-_COHORTS:] if each.buyers]
    most: float
    if cumulative:
        most = max((max(each.value_e4[:_AHEAD], default=0) for each in shown), default=0)
    else:
        most = max((share for each in shown for share in each.retention[1:_AHEAD]), default=0)
    rows = []
    for each in shown:
        numbers: tuple[float, ...] = each.value_e4 if cumulative else each.retention
        cells = []
        for at, number in enumerate(numbers[:_AHEAD]):
            said = spoken.money(number, digits=0) if cumulative else spoken.percent(number)
            heat = f"q{max(0, min(9, int(number / most * 9.99)))}" if most > 0 else "q0"
            heat = "full" if at == 0 and not cumulative else heat
            running = at > 0 and report.partial_month is not None and at == len(numbers) - 1
            cells.append(Cell(says=said, heat=heat + " running" * running))
        rows.append(HeatRow(month=spoken.day(each.first_day, "yMMM"), buyers=each.buyers, cells=tuple(cells)))
    return rows
