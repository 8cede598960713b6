"""Foreseeing: who is still a customer, when they come back, what they will want and be worth. Names load when used.

`laws` is pure numerics: models of buying and spend, calendars. The way of a shop's forecast:
`buying_days` (kept beside the ledger) → `buyers` (who was known on any day) → `backtest` → `choosing`, which asks
`calendars`, `level`, `correcting` and `chances` → `learning` → `foreseen`. `fitting` publishes it, `checking` tests it,
`valuing`, `reasons` and `pace` tell it, `shelves`, `republishing` and `drifting` look after it. `seasons`,
`index_files` and `sheets` import a calendar; `money` asks what it all means in money. Beside it: `when` with `rebuys`,
`reaching`; `recommend` with `recommending`; `uplift` with `propensities`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from volver.predict.answering import kept_levers as kept_levers
    from volver.predict.buyers import FEWEST as FEWEST
    from volver.predict.buyers import BeyondTheData as BeyondTheData
    from volver.predict.buyers import Past as Past
    from volver.predict.buyers import TooLittleHistory as TooLittleHistory
    from volver.predict.checking import BadHoldout as BadHoldout
    from volver.predict.checking import CheckReport as CheckReport
    from volver.predict.checking import Compared as Compared
    from volver.predict.checking import Rival as Rival
    from volver.predict.checking import check as check
    from volver.predict.choosing import MODELS as MODELS
    from volver.predict.drifting import Drift as Drift
    from volver.predict.drifting import Point as Point
    from volver.predict.drifting import drift as drift
    from volver.predict.fitting import FitReport as FitReport
    from volver.predict.fitting import fit as fit
    from volver.predict.foreseen import Foreseen as Foreseen
    from volver.predict.foreseen import Total as Total
    from volver.predict.index_files import BadCalendarFile as BadCalendarFile
    from volver.predict.index_files import read_index as read_index
    from volver.predict.laws.betageometric import BGNBD as BGNBD
    from volver.predict.laws.betageometric import MBGNBD as MBGNBD
    from volver.predict.laws.buying import BuyingModel as BuyingModel
    from volver.predict.laws.calendar import Calendar as Calendar
    from volver.predict.laws.calendar import Window as Window
    from volver.predict.laws.calendar import black_fridays as black_fridays
    from volver.predict.laws.calendar_learning import index_of as index_of
    from volver.predict.laws.calendar_learning import learn_calendar as learn_calendar
    from volver.predict.laws.chance_scores import Reliability as Reliability
    from volver.predict.laws.chance_scores import reliability as reliability
    from volver.predict.laws.covariates import CovariateBGNBD as CovariateBGNBD
    from volver.predict.laws.covariates import CovariateMBGNBD as CovariateMBGNBD
    from volver.predict.laws.covariates import CovariateParetoNBD as CovariateParetoNBD
    from volver.predict.laws.erlang import BGCNBD as BGCNBD
    from volver.predict.laws.erlang import MBGCNBD as MBGCNBD
    from volver.predict.laws.erlang import log_gaps as log_gaps
    from volver.predict.laws.erlang import wheat_morrison as wheat_morrison
    from volver.predict.laws.history import Histories as Histories
    from volver.predict.laws.history import UnclearHistories as UnclearHistories
    from volver.predict.laws.history import histories as histories
    from volver.predict.laws.horizons import horizon_days as horizon_days
    from volver.predict.laws.nbd import NBD as NBD
    from volver.predict.laws.occasions import BGBB as BGBB
    from volver.predict.laws.order_log import HeldOut as HeldOut
    from volver.predict.laws.order_log import OrderHistories as OrderHistories
    from volver.predict.laws.order_log import calibration_holdout as calibration_holdout
    from volver.predict.laws.order_log import from_orders as from_orders
    from volver.predict.laws.params import BadParameters as BadParameters
    from volver.predict.laws.params import BadQuestion as BadQuestion
    from volver.predict.laws.params import NotFitted as NotFitted
    from volver.predict.laws.pareto import ParetoNBD as ParetoNBD
    from volver.predict.laws.spend import GammaGamma as GammaGamma
    from volver.predict.laws.spend_mixed import MixedSpend as MixedSpend
    from volver.predict.laws.store_index import StoreIndex as StoreIndex
    from volver.predict.laws.store_index import season_of as season_of
    from volver.predict.laws.subscriptions import BetaDiscreteWeibull as BetaDiscreteWeibull
    from volver.predict.laws.subscriptions import ShiftedBetaGeometric as ShiftedBetaGeometric
    from volver.predict.laws.subscriptions import fit_cohorts as fit_cohorts
    from volver.predict.laws.worth import CustomerWorth as CustomerWorth
    from volver.predict.laws.worth import Worth as Worth
    from volver.predict.laws.worth import spend_correlation as spend_correlation
    from volver.predict.learning import Learned as Learned
    from volver.predict.money.arrivals import NewcomerGroup as NewcomerGroup
    from volver.predict.money.arrivals import NewcomersReport as NewcomersReport
    from volver.predict.money.arrivals import newcomers as newcomers
    from volver.predict.money.ceiling import CeilingReport as CeilingReport
    from volver.predict.money.ceiling import CeilingRow as CeilingRow
    from volver.predict.money.ceiling import spend_ceiling as spend_ceiling
    from volver.predict.money.costs import BadCosts as BadCosts
    from volver.predict.money.costs import Cost as Cost
    from volver.predict.money.costs import keep_costs as keep_costs
    from volver.predict.money.costs import kept_costs as kept_costs
    from volver.predict.money.costs import read_costs as read_costs
    from volver.predict.money.firstorders import knows_campaigns as knows_campaigns
    from volver.predict.money.leverage import Lever as Lever
    from volver.predict.money.leverage import LeversReport as LeversReport
    from volver.predict.money.leverage import levers as levers
    from volver.predict.money.margins import assumed_margin as assumed_margin
    from volver.predict.money.outlook import Estimate as Estimate
    from volver.predict.money.prospects import LeadsReport as LeadsReport
    from volver.predict.money.prospects import PersonValue as PersonValue
    from volver.predict.money.prospects import value_at_first_order as value_at_first_order
    from volver.predict.money.prospects import value_of_lead as value_of_lead
    from volver.predict.money.standings import BENCHMARKS as BENCHMARKS
    from volver.predict.money.standings import BenchmarkReport as BenchmarkReport
    from volver.predict.money.standings import Standing as Standing
    from volver.predict.money.standings import benchmark as benchmark
    from volver.predict.one_customer import CustomerValue as CustomerValue
    from volver.predict.one_customer import value_of_customer as value_of_customer
    from volver.predict.pace import AliveCurve as AliveCurve
    from volver.predict.pace import alive_curve as alive_curve
    from volver.predict.pace import tracking as tracking
    from volver.predict.propensities import Chance as Chance
    from volver.predict.propensities import PropensityReport as PropensityReport
    from volver.predict.propensities import learn_propensities as learn_propensities
    from volver.predict.reaching import BestMoment as BestMoment
    from volver.predict.reaching import NoMoments as NoMoments
    from volver.predict.reaching import best_moment as best_moment
    from volver.predict.reasons import Reason as Reason
    from volver.predict.rebuys import DueProduct as DueProduct
    from volver.predict.rebuys import NoRebuys as NoRebuys
    from volver.predict.rebuys import Rebuy as Rebuy
    from volver.predict.rebuys import WhenReport as WhenReport
    from volver.predict.rebuys import due_products as due_products
    from volver.predict.rebuys import foresee_when as foresee_when
    from volver.predict.rebuys import rebuys_of as rebuys_of
    from volver.predict.recommend.carts import CartCompletion as CartCompletion
    from volver.predict.recommend.evaluation import Contender as Contender
    from volver.predict.recommend.evaluation import evaluate as evaluate
    from volver.predict.recommend.evaluation import split as split
    from volver.predict.recommend.interactions import Interactions as Interactions
    from volver.predict.recommend.neighbours import Neighbours as Neighbours
    from volver.predict.recommend.nextbasket import NextBasket as NextBasket
    from volver.predict.recommend.popularity import Popularity as Popularity
    from volver.predict.recommend.prices import PriceAffinity as PriceAffinity
    from volver.predict.recommend.recommender import Recommender as Recommender
    from volver.predict.recommend.relations import Relations as Relations
    from volver.predict.recommend.sessions import SessionNeighbours as SessionNeighbours
    from volver.predict.recommend.text import TextSimilarity as TextSimilarity
    from volver.predict.recommend.upsell import UpSell as UpSell
    from volver.predict.recommending import RecommendCheck as RecommendCheck
    from volver.predict.recommending import check_recommend as check_recommend
    from volver.predict.recommending import next_baskets as next_baskets
    from volver.predict.republishing import republish as republish
    from volver.predict.seasons import CalendarReport as CalendarReport
    from volver.predict.seasons import ImportedCalendar as ImportedCalendar
    from volver.predict.seasons import calendar_report as calendar_report
    from volver.predict.seasons import forget_calendar as forget_calendar
    from volver.predict.seasons import import_calendar as import_calendar
    from volver.predict.shelves import NoModel as NoModel
    from volver.predict.shelves import NoSuchModel as NoSuchModel
    from volver.predict.shelves import ShelfModel as ShelfModel
    from volver.predict.shelves import kept_model as kept_model
    from volver.predict.shelves import published as published
    from volver.predict.shelves import shelf as shelf
    from volver.predict.uplift.evaluation import auuc as auuc
    from volver.predict.uplift.evaluation import auuc_interval as auuc_interval
    from volver.predict.uplift.evaluation import incremental as incremental
    from volver.predict.uplift.evaluation import policy_value as policy_value
    from volver.predict.uplift.evaluation import qini as qini
    from volver.predict.uplift.evaluation import qini_interval as qini_interval
    from volver.predict.uplift.labels import BadTreatment as BadTreatment
    from volver.predict.uplift.learners import DRLearner as DRLearner
    from volver.predict.uplift.learners import TransformedOutcome as TransformedOutcome
    from volver.predict.uplift.learners import TwoModel as TwoModel
    from volver.predict.uplift.propensity import Propensity as Propensity
    from volver.predict.uplift.targeting import Uplift as Uplift
    from volver.predict.valuing import Decile as Decile
    from volver.predict.valuing import ValueReport as ValueReport
    from volver.predict.valuing import value as value
    from volver.predict.when.calibrate import Calibrated as Calibrated
    from volver.predict.when.calibrate import calibration_of as calibration_of
    from volver.predict.when.calibrate import recalibrated as recalibrated
    from volver.predict.when.moments import Moments as Moments
    from volver.predict.when.repeat import RepeatModel as RepeatModel
    from volver.predict.when.replenishment import Replenishment as Replenishment

_WHERE = {
    "alive_curve": "pace",
    "AliveCurve": "pace",
    "assumed_margin": "money.margins",
    "auuc": "uplift.evaluation",
    "auuc_interval": "uplift.evaluation",
    "BadCalendarFile": "index_files",
    "BadCosts": "money.costs",
    "BadHoldout": "checking",
    "BadParameters": "laws.params",
    "BadQuestion": "laws.params",
    "BadTreatment": "uplift.labels",
    "benchmark": "money.standings",
    "BenchmarkReport": "money.standings",
    "BENCHMARKS": "money.standings",
    "best_moment": "reaching",
    "BestMoment": "reaching",
    "BetaDiscreteWeibull": "laws.subscriptions",
    "BeyondTheData": "buyers",
    "BGBB": "laws.occasions",
    "BGCNBD": "laws.erlang",
    "BGNBD": "laws.betageometric",
    "black_fridays": "laws.calendar",
    "BuyingModel": "laws.buying",
    "Calendar": "laws.calendar",
    "calendar_report": "seasons",
    "CalendarReport": "seasons",
    "Calibrated": "when.calibrate",
    "calibration_holdout": "laws.order_log",
    "calibration_of": "when.calibrate",
    "CartCompletion": "recommend.carts",
    "CeilingReport": "money.ceiling",
    "CeilingRow": "money.ceiling",
    "Chance": "propensities",
    "check": "checking",
    "check_recommend": "recommending",
    "CheckReport": "checking",
    "Compared": "checking",
    "Contender": "recommend.evaluation",
    "Cost": "money.costs",
    "CovariateBGNBD": "laws.covariates",
    "CovariateMBGNBD": "laws.covariates",
    "CovariateParetoNBD": "laws.covariates",
    "CustomerWorth": "laws.worth",
    "CustomerValue": "one_customer",
    "Decile": "valuing",
    "Drift": "drifting",
    "drift": "drifting",
    "DRLearner": "uplift.learners",
    "due_products": "rebuys",
    "DueProduct": "rebuys",
    "Estimate": "money.outlook",
    "evaluate": "recommend.evaluation",
    "FEWEST": "buyers",
    "fit": "fitting",
    "fit_cohorts": "laws.subscriptions",
    "FitReport": "fitting",
    "foresee_when": "rebuys",
    "Foreseen": "foreseen",
    "forget_calendar": "seasons",
    "from_orders": "laws.order_log",
    "GammaGamma": "laws.spend",
    "HeldOut": "laws.order_log",
    "Histories": "laws.history",
    "histories": "laws.history",
    "horizon_days": "laws.horizons",
    "import_calendar": "seasons",
    "ImportedCalendar": "seasons",
    "incremental": "uplift.evaluation",
    "index_of": "laws.calendar_learning",
    "Interactions": "recommend.interactions",
    "keep_costs": "money.costs",
    "kept_costs": "money.costs",
    "knows_campaigns": "money.firstorders",
    "kept_levers": "answering",
    "kept_model": "shelves",
    "LeadsReport": "money.prospects",
    "learn_calendar": "laws.calendar_learning",
    "learn_propensities": "propensities",
    "Learned": "learning",
    "Lever": "money.leverage",
    "levers": "money.leverage",
    "LeversReport": "money.leverage",
    "log_gaps": "laws.erlang",
    "MBGCNBD": "laws.erlang",
    "MBGNBD": "laws.betageometric",
    "MixedSpend": "laws.spend_mixed",
    "MODELS": "choosing",
    "Moments": "when.moments",
    "NBD": "laws.nbd",
    "Neighbours": "recommend.neighbours",
    "NewcomerGroup": "money.arrivals",
    "newcomers": "money.arrivals",
    "NewcomersReport": "money.arrivals",
    "next_baskets": "recommending",
    "NextBasket": "recommend.nextbasket",
    "NoModel": "shelves",
    "NoMoments": "reaching",
    "NoRebuys": "rebuys",
    "NoSuchModel": "shelves",
    "NotFitted": "laws.params",
    "OrderHistories": "laws.order_log",
    "ParetoNBD": "laws.pareto",
    "Past": "buyers",
    "PersonValue": "money.prospects",
    "Point": "drifting",
    "policy_value": "uplift.evaluation",
    "Popularity": "recommend.popularity",
    "PriceAffinity": "recommend.prices",
    "Propensity": "uplift.propensity",
    "PropensityReport": "propensities",
    "published": "shelves",
    "qini": "uplift.evaluation",
    "qini_interval": "uplift.evaluation",
    "read_costs": "money.costs",
    "read_index": "index_files",
    "Reason": "reasons",
    "Rebuy": "rebuys",
    "rebuys_of": "rebuys",
    "recalibrated": "when.calibrate",
    "RecommendCheck": "recommending",
    "Recommender": "recommend.recommender",
    "Relations": "recommend.relations",
    "reliability": "laws.chance_scores",
    "Reliability": "laws.chance_scores",
    "RepeatModel": "when.repeat",
    "Replenishment": "when.replenishment",
    "republish": "republishing",
    "Rival": "checking",
    "season_of": "laws.store_index",
    "SessionNeighbours": "recommend.sessions",
    "shelf": "shelves",
    "ShelfModel": "shelves",
    "ShiftedBetaGeometric": "laws.subscriptions",
    "spend_ceiling": "money.ceiling",
    "spend_correlation": "laws.worth",
    "split": "recommend.evaluation",
    "Standing": "money.standings",
    "StoreIndex": "laws.store_index",
    "TextSimilarity": "recommend.text",
    "TooLittleHistory": "buyers",
    "Total": "foreseen",
    "tracking": "pace",
    "TransformedOutcome": "uplift.learners",
    "TwoModel": "uplift.learners",
    "UnclearHistories": "laws.history",
    "Uplift": "uplift.targeting",
    "UpSell": "recommend.upsell",
    "value": "valuing",
    "value_at_first_order": "money.prospects",
    "value_of_customer": "one_customer",
    "value_of_lead": "money.prospects",
    "ValueReport": "valuing",
    "wheat_morrison": "laws.erlang",
    "WhenReport": "rebuys",
    "Window": "laws.calendar",
    "Worth": "laws.worth",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(name)
    return getattr(import_module(f"volver.predict.{_WHERE[name]}"), name)
