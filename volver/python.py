"""A shop as Python sees it: what the command line offers, answered as tables in money units.

`volver.open` gives it. Amounts leave as exact decimals in the shop's currency, which each money column names in its
metadata; days are the shop's. Only `sql` answers in the lake's own form, where money rests as ten-thousandths (`_e4`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from volver import app, know, predict
from volver.core import Answer, Words, in_units

_TEXTS: Final = ("stage", "key", "label", "rule", "month")
_SHARES: Final = ("share", "retention")

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from volver import collect
    from volver.store import Shop


@dataclass(frozen=True, slots=True)
class OpenShop:
    """A shop as Python sees it. Every table is frozen and reads as Arrow, pandas or polars."""

    shop: "Shop"

    def collect(self, source: Any, **options: Any) -> "collect.ImportReport":
        """Import order lines and refresh: a frame (pandas, polars, Arrow, DuckDB), or the path of a file.

        `options` are those of `volver collect import`, such as `currency="EUR"`. Raises what it says.
        """
        from pathlib import Path

        from volver import collect

        if isinstance(source, str | Path):
            report = collect.import_files(self.shop, [source], collect.ImportOptions(**options))
        else:
            report = collect.import_frame(self.shop, source, **options)
        app.refresh(self.shop)
        return report

    def refresh(self) -> "app.Refreshed":
        """Renew everything derived that is due, forecasts too; `why_not` says what is missing for them."""
        return app.refresh(self.shop, everything=True)

    def customers(self) -> Answer:
        """Every customer with facts and scores, one row each; `segments` are their keys."""
        return self._in_units(know.table(self.shop))

    def customer(self, reference: str) -> "know.CustomerProfile":
        """All that is shown of one customer (a reference, e-mail or id). Raises `know.no_such_customer`."""
        return know.customer(self.shop, know.find_customer(self.shop, reference))

    def stages(self, at: "date | None" = None) -> Answer:
        """How many customers are in each stage as of a day: stage, label, customers, share, net, value of a year."""
        found = know.stages(self.shop, at).stages
        return self._rows(found, ("stage", "label", "customers", "share", "net_e4", "value_e4"))

    def segments(self, at: "date | None" = None) -> Answer:
        """Every segment as of a day, saved ones last: key, label, rule, members, share, net, value of a year."""
        own = know.saved_summaries(self.shop, know.groups(self.shop, at))
        return self._rows(
            (*know.segments(self.shop, at), *own), ("key", "label", "rule", "members", "share", "net_e4", "value_e4")
        )

    def cohorts(self, at: "date | None" = None) -> Answer:
        """First-time buyers by month, one row per month since: month, buyers, months_since, retention, value so far."""
        found = [
            {
                "month": each.month,
                "first_day": each.first_day,
                "buyers": each.buyers,
                "months_since": since,
                "retention": retention,
                "value_e4": value,
            }
            for each in know.cohorts(self.shop, at).cohorts
            for since, (retention, value) in enumerate(zip(each.retention, each.value_e4, strict=True))
        ]
        return self._in_units(_table(found, ("month", "first_day", "buyers", "months_since", "retention", "value_e4")))

    def traits(self, customer: str) -> "tuple[know.TraitValue, ...]":
        """All that is known and foreseen of one customer, each value with its day, source and model."""
        return know.traits(self.shop, know.find_customer(self.shop, customer), app.declared_traits())

    def trait(self, name: str) -> Answer:
        """One trait of every customer who has it; columns as `know.trait_table` says."""
        return know.trait_table(self.shop, name, app.declared_traits())

    def kpi(self, by: str = "month", start: "date | None" = None, end: "date | None" = None) -> Answer:
        """Key figures by day, week or month: orders, net, gross, returned, margin, aov, customers and ratios."""
        return self._in_units(know.kpi(self.shop, by, start, end))

    def value(self, horizon: str = "365d") -> "predict.ValueReport":
        """What customers are expected to bring over a horizon."""
        return predict.value_report(self.shop, horizon)

    def value_of(self, customer: str, horizon: str = "365d") -> "predict.CustomerValue":
        """What one customer (a reference, e-mail or id) is expected to bring over a horizon, and why."""
        return predict.value_of_customer(self.shop, know.find_customer(self.shop, customer), horizon)

    def levers(self, horizon: str = "365d") -> "predict.LeversReport":
        """What a little more retention, frequency, order value or new customers would bring."""
        return predict.levers(self.shop, horizon)

    def newcomers(self, by: str = "channel", horizon: str = "365d") -> "predict.NewcomersReport":
        """What a new customer will be worth, by channel, campaign or month."""
        return predict.newcomers(self.shop, by, horizon)

    def fit(self) -> "predict.FitReport":
        """Fit the forecasts anew and score every customer. Raises `predict.too_little_history`."""
        found = predict.fit(self.shop)
        app.make_answers(self.shop)
        return found

    def check(self) -> "predict.CheckReport":
        """How the forecast did on weeks that the model had not seen."""
        return predict.check(self.shop)

    def sql(self, text: str, **params: Any) -> Answer:
        """Run SQL over the lake's tables, as they rest: money in ten-thousandths (`_e4`)."""
        return Answer(self.shop.compute.relation(text, params))

    def close(self) -> None:
        """Let go of the files."""
        self.shop.close()

    def __enter__(self) -> "OpenShop":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _in_units(self, answer: Answer) -> Answer:
        return in_units(answer, self.shop.settings.currency)

    def _rows(self, found: Iterable[Any], names: tuple[str, ...]) -> Answer:
        return self._in_units(_table([{name: getattr(each, name) for name in names} for each in found], names))


def _table(rows: list[dict[str, Any]], names: tuple[str, ...]) -> Answer:
    import pyarrow as pa

    def kind(name: str) -> "pa.DataType":
        if name in _TEXTS:
            return pa.string()
        return pa.float64() if name in _SHARES else pa.date32() if name == "first_day" else pa.int64()

    return Answer(pa.table({name: pa.array([_told(row[name]) for row in rows], kind(name)) for name in names}))


def _told(value: Any) -> Any:
    return know.filled(value) if isinstance(value, Words) else value


def open_for_python(path: "str | Path | None") -> OpenShop:
    """The handle behind `volver.open`."""
    return OpenShop(app.open_recovered(path))
