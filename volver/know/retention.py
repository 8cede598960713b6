"""Do new customers come back? First-time buyers by month, and what became of them."""

from collections import defaultdict
from datetime import date

from volver.know.answers import Cohort, CohortReport
from volver.know.as_of import as_of
from volver.store import Shop


def cohorts(shop: Shop, at: date | None = None) -> CohortReport:
    """Retention and cumulative net per buyer, by month since the first order, oldest cohort first.

    Every cohort's row reaches to the month of `at` (None: the last refresh); months without an order are 0.
    """
    with as_of(shop, at) as here:
        rows = here.rows("cohorts")
        day = here.at
    if day is None or not rows:
        return CohortReport(at=day, partial_month=None, cohorts=())
    last_no = day.year * 12 + day.month
    by_cohort: dict[int, dict[int, tuple[int, int]]] = defaultdict(dict)
    names: dict[int, tuple[str, date]] = {}
    for row in rows:
        by_cohort[row["cohort_no"]][row["month_n"]] = (int(row["buyers"]), int(row["net_e4"]))
        names[row["cohort_no"]] = (row["month"], row["first_day"])
    found = tuple(_cohort(names[no], by_cohort[no], last_no - no) for no in sorted(by_cohort))
    return CohortReport(at=day, partial_month=f"{day.year:04d}-{day.month:02d}", cohorts=found)


def _cohort(name: tuple[str, date], months: dict[int, tuple[int, int]], last: int) -> Cohort:
    buyers = months[0][0]
    retention, value, spent = [], [], 0
    for n in range(last + 1):
        active, net_e4 = months.get(n, (0, 0))
        spent += net_e4
        retention.append(active / buyers)
        value.append(round(spent / buyers))
    month, first_day = name
    return Cohort(month=month, first_day=first_day, buyers=buyers, retention=tuple(retention), value_e4=tuple(value))
