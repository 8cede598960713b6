"""A model of buying and a model of spending, learned together from a shop's customers; and as JSON.

Pure numerics over `Buyers`; reads and writes nothing itself.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np

from volver.core import VolverError, Words, clock
from volver.predict.buyers import Buyers
from volver.predict.laws.betageometric import BGNBD, MBGNBD
from volver.predict.laws.buying import BuyingModel
from volver.predict.laws.history import Histories
from volver.predict.laws.pareto import ParetoNBD
from volver.predict.laws.spend import GammaGamma
from volver.predict.laws.worth import CustomerWorth, spend_correlation
from volver.predict.season import FLAT, Season

MODELS: Final[dict[str, type[BuyingModel]]] = {"MBG/NBD": MBGNBD, "BG/NBD": BGNBD, "Pareto/NBD": ParetoNBD}
DEFAULT: Final = "MBG/NBD"
_REACH: Final = 4.0  # robust deviations beyond which one customer's mean spend does not pull the shop's


class UnknownModel(VolverError):
    """A model that Volver does not have."""

    code = "predict.unknown_model"
    says = "There is no model called {model}."
    hint = "Choose MBG/NBD, BG/NBD or Pareto/NBD."


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What was learned from the customers known at `at`."""

    model: str
    at: date
    customers: int
    buying: BuyingModel
    spend: GammaGamma
    seconds: float
    season: Season = FLAT
    remarks: tuple[Words, ...] = ()

    def known(self, buyers: Buyers) -> Histories:
        """Buyers' histories in the time that the models count: ask for nothing else."""
        return self.season.histories(buyers.known, buyers.at)

    def span(self, days: float) -> float:
        """So many days from `at` in the time that the models count."""
        return self.season.span(self.at, days)

    def asked(self, discount: float, days: float) -> CustomerWorth:
        """Both models as one, with a yearly discount rate, for a horizon of so many days."""
        weighted = (1.0 + discount) ** (days / self.span(days)) - 1.0
        return CustomerWorth(buying=self.buying, spend=self.spend, discount=weighted)

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
            "spend": self.spend.parameters_,
            "spend_log_covariance": self.spend.log_covariance_.tolist(),
            "spenders": self.spend.n_customers_,
            "season": list(self.season.weights),
            "remarks": [{"text": each.text, "params": each.params} for each in self.remarks],
        }


def learn(buyers: Buyers, model: str = DEFAULT, season: Season = FLAT) -> Learned:
    """Fit both models, with times weighted by the season. Raises `predict.unknown_model`."""
    if model not in MODELS:
        raise UnknownModel(model=model)
    began = clock.stopwatch_s()
    buying = MODELS[model]().fit(season.histories(buyers.known, buyers.at))
    spend = GammaGamma(reach=_REACH).fit(buyers.spend_days, buyers.mean_spend)
    return Learned(
        model=model,
        at=buyers.at,
        customers=len(buyers),
        buying=buying,
        spend=spend,
        seconds=clock.stopwatch_s() - began,
        season=season,
        remarks=_remarks(buyers, buying, season),
    )


def learned_from(found: dict[str, Any]) -> Learned:
    """What `Learned.to_dict` wrote down."""
    buying = MODELS[found["model"]].of(**found["buying"])
    buying.log_covariance_ = np.array(found["buying_log_covariance"])
    buying.log_likelihood_, buying.with_prior_ = found["log_likelihood"], found["with_prior"]
    spend = GammaGamma.of(**found["spend"])
    spend.log_covariance_, spend.n_customers_ = np.array(found["spend_log_covariance"]), found["spenders"]
    return Learned(
        model=found["model"],
        at=date.fromisoformat(found["at"]),
        customers=found["customers"],
        buying=buying,
        spend=spend,
        seconds=found["seconds"],
        season=Season(tuple(found["season"])),
        remarks=tuple(Words(each["text"], each["params"]) for each in found["remarks"]),
    )


def _remarks(buyers: Buyers, buying: BuyingModel, season: Season) -> tuple[Words, ...]:
    """What a reader should know before trusting the numbers."""
    found, n = [], len(buyers)
    if buying.with_prior_:
        found.append(Words("{n} customers tell little: a weak prior was added.", {"n": n}))
    if not season.is_flat:
        best = int(np.argmax(season.weights)) + 1
        text = "The shop's seasons are in the forecast: the best month is number {month}, {percent} % above the mean."
        found.append(Words(text, {"month": best, "percent": round(100 * max(season.weights)) - 100}))
    share = round(100 * float(np.mean(buyers.x > 0)))
    if share >= 90 and n >= 100:
        text = "{share} % of customers came more than once: their history may begin in the middle."
        found.append(Words(text, {"share": share}))
    related = spend_correlation(buyers.spend_days, buyers.mean_spend)
    if related is not None and abs(related) > 0.3:
        text = "Frequency and spend go together (rank correlation {r}): single values lean."
        found.append(Words(text, {"r": round(related, 2)}))
    return tuple(found)
