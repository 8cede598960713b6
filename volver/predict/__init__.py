"""Foreseeing: who is still a customer, when they come back, what they will be worth. Names load when they are used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from volver.predict.betageometric import BGNBD as BGNBD
    from volver.predict.betageometric import MBGNBD as MBGNBD
    from volver.predict.buyers import FEWEST as FEWEST
    from volver.predict.buyers import TooLittleHistory as TooLittleHistory
    from volver.predict.buying import BuyingModel as BuyingModel
    from volver.predict.checking import CheckReport as CheckReport
    from volver.predict.checking import Compared as Compared
    from volver.predict.checking import check as check
    from volver.predict.fitting import FitReport as FitReport
    from volver.predict.fitting import fit as fit
    from volver.predict.history import Histories as Histories
    from volver.predict.history import histories as histories
    from volver.predict.horizons import horizon_days as horizon_days
    from volver.predict.learning import MODELS as MODELS
    from volver.predict.pace import AliveCurve as AliveCurve
    from volver.predict.pace import alive_curve as alive_curve
    from volver.predict.pace import tracking as tracking
    from volver.predict.pareto import ParetoNBD as ParetoNBD
    from volver.predict.shelves import ShelfModel as ShelfModel
    from volver.predict.shelves import shelf as shelf
    from volver.predict.spend import GammaGamma as GammaGamma
    from volver.predict.valuing import Decile as Decile
    from volver.predict.valuing import ValueReport as ValueReport
    from volver.predict.valuing import value as value
    from volver.predict.worth import CustomerWorth as CustomerWorth
    from volver.predict.worth import Total as Total
    from volver.predict.worth import Worth as Worth
    from volver.predict.worth import spend_correlation as spend_correlation

_WHERE = {
    "AliveCurve": "pace",
    "BGNBD": "betageometric",
    "BuyingModel": "buying",
    "CheckReport": "checking",
    "Compared": "checking",
    "CustomerWorth": "worth",
    "Decile": "valuing",
    "FEWEST": "buyers",
    "FitReport": "fitting",
    "GammaGamma": "spend",
    "Histories": "history",
    "MBGNBD": "betageometric",
    "MODELS": "learning",
    "ParetoNBD": "pareto",
    "ShelfModel": "shelves",
    "TooLittleHistory": "buyers",
    "Total": "worth",
    "ValueReport": "valuing",
    "Worth": "worth",
    "alive_curve": "pace",
    "check": "checking",
    "fit": "fitting",
    "histories": "history",
    "horizon_days": "horizons",
    "shelf": "shelves",
    "spend_correlation": "worth",
    "tracking": "pace",
    "value": "valuing",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(name)
    return getattr(import_module(f"volver.predict.{_WHERE[name]}"), name)
