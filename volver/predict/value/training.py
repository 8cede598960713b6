"""What was learned of a shop: laws of buying and spending, its calendar, what its own past corrected; as JSON.

Pure numerics over `Buyers`; reads and writes nothing itself. `forecast` asks all of it together.
"""

from calendar import month_name
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np

from volver.core import VolverError, Words, clock
from volver.predict.laws.buying import BuyingModel
from volver.predict.laws.calendar import FLAT, Calendar
from volver.predict.laws.history import Histories
from volver.predict.laws.spend import GammaGamma
from volver.predict.laws.spend_mixed import MixedSpend
from volver.predict.laws.worth import CustomerWorth, spend_correlation
from volver.predict.numerics.arrays import Floats
from volver.predict.value.backtest import SPENDS
from volver.predict.value.correction import Correction, correction_columns, correction_from
from volver.predict.value.histories import Buyers
from volver.predict.value.level import LAW, Level
from volver.predict.value.models import AUTO as AUTO
from volver.predict.value.selection import MODELS, Choice


class UnknownModel(VolverError):
    """A model that Volver does not have."""

    code = "predict.unknown_model"
    says = "There is no model called {model}."
    hint = "Choose auto, Pareto/NBD, MBG/NBD, BG/NBD or, for steady customers, MBG/CNBD-2, -3 or -4."


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What was learned from the customers known at `at`. `choice` says in plain values how it was chosen."""

    model: str
    at: date
    customers: int
    buying: BuyingModel
    spend: GammaGamma
    seconds: float
    season: Calendar = FLAT
    level: Level = LAW
    correction: Correction | None = None
    choice: dict[str, Any] = field(default_factory=dict)
    chances: dict[str, dict[str, Any]] = field(default_factory=dict)
    remarks: tuple[Words, ...] = ()

    def known(self, buyers: Buyers) -> Histories:
        """Buyers' histories in the time that the laws count: ask for nothing else."""
        return self.season.histories(buyers.known, buyers.at)

    def span(self, days: float) -> float:
        """So many days from `at` in the time that the laws count."""
        return self.season.span(self.at, days)

    def asked(self, discount: float, days: float) -> CustomerWorth:
        """Both laws as one, with a yearly discount rate, for a horizon of so many days; level and corrections aside."""
        weighted = (1.0 + discount) ** (days / self.span(days)) - 1.0
        return CustomerWorth(buying=self.buying, spend=self.spend, discount=weighted)

    def columns(self, buyers: Buyers) -> Floats:
        """What corrections look at, of each buyer; see `correction_columns`."""
        days = self.correction.days if self.correction else 0.0
        known = self.known(buyers)
        near = known.spread(self.buying.orders_by_row(known, self.span(days)))
        spend = self.spend.predict(buyers.spend_days, buyers.mean_spend)
        return correction_columns(buyers, near, self.buying.p_alive(known), spend)

    def moved_to(self, at: date) -> "Learned":
        """The same parameters, asked from another day on."""
        return replace(self, at=at)

    def to_dict(self) -> dict[str, Any]:
        """Plain values from which `learned_from` makes the same again."""
        return {
            "model": self.model,
            "at": self.at.isoformat(),
            "customers": self.customers,
            "seconds": self.seconds,
            "buying": self.buying.parameters_,
            "buying_log_covariance": self.buying.log_covariance_.tolist(),
            "buying_standard_errors": self.buying.standard_errors_,
            "log_likelihood": self.buying.log_likelihood_,
            "with_prior": self.buying.with_prior_,
            "spend": self.spend.to_dict() if isinstance(self.spend, MixedSpend) else self.spend.parameters_,
            "spend_log_covariance": self.spend.log_covariance_.tolist(),
            "spenders": self.spend.n_customers_,
            "season": self.season.to_dict(),
            "level": self.level.to_dict(),
            "correction": self.correction.to_dict() if self.correction else None,
            "choice": self.choice,
            "chances": self.chances,
            "remarks": [{"text": each.text, "params": each.params} for each in self.remarks],
        }


def learn(buyers: Buyers, choice: Choice) -> Learned:
    """Fit the laws that were chosen, with times counted by the calendar that was chosen."""
    began = clock.stopwatch_s()
    buying = MODELS[choice.model]().fit(choice.calendar.histories(buyers.known, buyers.at))
    spend = SPENDS[choice.spend]().fit(buyers.spend_days, buyers.mean_spend)
    learned = Learned(
        model=choice.model,
        at=buyers.at,
        customers=len(buyers),
        buying=buying,
        spend=spend,
        seconds=clock.stopwatch_s() - began,
        season=choice.calendar,
        level=choice.level,
        correction=choice.correction,
        choice=choice.to_dict(),
        chances=choice.chances,
        remarks=_remarks(buyers, buying, choice.calendar),
    )
    if choice.correction is None:
        return learned
    return replace(learned, correction=choice.correction.among(learned.columns(buyers)))


def learned_from(found: dict[str, Any]) -> Learned:
    """What `Learned.to_dict` wrote down, by this version or an earlier one."""
    buying = MODELS[found["model"]]().knowing(**found["buying"])
    buying.log_covariance_ = np.array(found["buying_log_covariance"])
    buying.log_likelihood_, buying.with_prior_ = found["log_likelihood"], found["with_prior"]
    spend = MixedSpend.from_dict(found["spend"])
    spend.log_covariance_, spend.n_customers_ = np.array(found["spend_log_covariance"]), found["spenders"]
    correction = found.get("correction")
    return Learned(
        model=found["model"],
        at=date.fromisoformat(found["at"]),
        customers=found["customers"],
        buying=buying,
        spend=spend,
        seconds=found["seconds"],
        season=Calendar.from_dict(found["season"]),
        level=Level(**found["level"]) if "level" in found else LAW,
        correction=correction_from(correction) if correction else None,
        choice=found.get("choice", {}),
        chances=found.get("chances", {}),
        remarks=tuple(Words(each["text"], each["params"]) for each in found["remarks"]),
    )


def _remarks(buyers: Buyers, buying: BuyingModel, season: Calendar) -> tuple[Words, ...]:
    """What a reader should know before trusting the numbers."""
    found, n = [], len(buyers)
    if buying.with_prior_:
        found.append(Words("The orders of {n} customers do not pin the model down: a weak prior was added.", {"n": n}))
    if season.is_seasonal:
        best = int(np.argmax(season.weights)) + 1
        text = "The shop's seasons are in the forecast: the best month is {month}, {percent} % above the mean."
        found.append(Words(text, {"month": month_name[best], "percent": round(100 * max(season.weights)) - 100}))
    share = round(100 * float(np.mean(buyers.x > 0)))
    if share >= 90 and n >= 100:
        text = "{share} % of customers came more than once: their history may begin in the middle."
        found.append(Words(text, {"share": share}))
    related = spend_correlation(buyers.spend_days, buyers.mean_spend)
    if related is not None and abs(related) > 0.3:
        text = "Frequency and spend go together (rank correlation {r}): single values lean."
        found.append(Words(text, {"r": round(related, 2)}))
    return tuple(found)
