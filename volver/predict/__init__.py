"""Foreseeing: who is still a customer, when they come back, what they will be worth. Names load when they are used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from volver.predict.buyers import FEWEST as FEWEST
    from volver.predict.buyers import TooLittleHistory as TooLittleHistory
    from volver.predict.checking import CheckReport as CheckReport
    from volver.predict.checking import Compared as Compared
    from volver.predict.checking import check as check
    from volver.predict.fitting import FitReport as FitReport
    from volver.predict.fitting import fit as fit
    from volver.predict.laws.betageometric import BGNBD as BGNBD
    from volver.predict.laws.betageometric import MBGNBD as MBGNBD
    from volver.predict.laws.buying import BuyingModel as BuyingModel
    from volver.predict.laws.history import Histories as Histories
    from volver.predict.laws.history import histories as histories
    from volver.predict.laws.horizons import horizon_days as horizon_days
    from volver.predict.laws.pareto import ParetoNBD as ParetoNBD
    from volver.predict.laws.spend import GammaGamma as GammaGamma
    from volver.predict.laws.worth import CustomerWorth as CustomerWorth
    from volver.predict.laws.worth import Total as Total
    from volver.predict.laws.worth import Worth as Worth
    from volver.predict.laws.worth import spend_correlation as spend_correlation
    from volver.predict.learning import MODELS as MODELS
    from volver.predict.pace import AliveCurve as AliveCurve
    from volver.predict.pace import alive_curve as alive_curve
    from volver.predict.pace import tracking as tracking
    from volver.predict.shelves import ShelfModel as ShelfModel
    from volver.predict.shelves import shelf as shelf
    from volver.predict.valuing import Decile as Decile
    from volver.predict.valuing import ValueReport as ValueReport
    from volver.predict.valuing import value as value

_WHERE = {
    "AliveCurve": "pace",
    "BGNBD": "laws.betageometric",
    "BuyingModel": "laws.buying",
    "CheckReport": "checking",
    "Compared": "checking",
    "CustomerWorth": "laws.worth",
    "Decile": "valuing",
    "FEWEST": "buyers",
    "FitReport": "fitting",
    "GammaGamma": "laws.spend",
    "Histories": "laws.history",
    "MBGNBD": "laws.betageometric",
    "MODELS": "learning",
    "ParetoNBD": "laws.pareto",
    "ShelfModel": "shelves",
    "TooLittleHistory": "buyers",
    "Total": "laws.worth",
    "ValueReport": "valuing",
    "Worth": "laws.worth",
    "alive_curve": "pace",
    "check": "checking",
    "fit": "fitting",
    "histories": "laws.history",
    "horizon_days": "laws.horizons",
    "shelf": "shelves",
    "spend_correlation": "laws.worth",
    "tracking": "pace",
    "value": "valuing",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(name)
    return getattr(import_module(f"volver.predict.{_WHERE[name]}"), name)
