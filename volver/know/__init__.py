"""Knowing: customers, orders, stages, segments, key figures. Names load when they are used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from volver.know.answers import STAGES as STAGES
    from volver.know.answers import Cohort as Cohort
    from volver.know.answers import CohortReport as CohortReport
    from volver.know.answers import CustomerProfile as CustomerProfile
    from volver.know.answers import CustomerRow as CustomerRow
    from volver.know.answers import CustomersPage as CustomersPage
    from volver.know.answers import Event as Event
    from volver.know.answers import Health as Health
    from volver.know.answers import HomeReport as HomeReport
    from volver.know.answers import KnowReport as KnowReport
    from volver.know.answers import Membership as Membership
    from volver.know.answers import Order as Order
    from volver.know.answers import OrderLine as OrderLine
    from volver.know.answers import Scores as Scores
    from volver.know.answers import SegmentSummary as SegmentSummary
    from volver.know.answers import Share as Share
    from volver.know.answers import StageCount as StageCount
    from volver.know.answers import StageMove as StageMove
    from volver.know.answers import StageReport as StageReport
    from volver.know.answers import Todo as Todo
    from volver.know.checks import check_fresh as check_fresh
    from volver.know.checks import check_today as check_today
    from volver.know.figures import UnknownPeriod as UnknownPeriod
    from volver.know.figures import kpi as kpi
    from volver.know.lifecycle import stages as stages
    from volver.know.listing import UnknownSegment as UnknownSegment
    from volver.know.listing import UnknownSort as UnknownSort
    from volver.know.listing import customers as customers
    from volver.know.listing import references as references
    from volver.know.listing import table as table
    from volver.know.order_days import update_order_days as update_order_days
    from volver.know.profile import NoSuchCustomer as NoSuchCustomer
    from volver.know.profile import customer as customer
    from volver.know.profile import find_customer as find_customer
    from volver.know.renewals import orders_held as orders_held
    from volver.know.renewals import refresh as refresh
    from volver.know.retention import cohorts as cohorts
    from volver.know.room import RENEWALS as RENEWALS
    from volver.know.room import TRAITS as TRAITS
    from volver.know.segment_rules import segments as segments
    from volver.know.shop_day import MOST_QUIET_DAYS as MOST_QUIET_DAYS
    from volver.know.shop_day import Today as Today
    from volver.know.shop_day import today as today
    from volver.know.summary import health as health
    from volver.know.summary import home as home
    from volver.know.trait import Kind as Kind
    from volver.know.trait import Trait as Trait
    from volver.know.trait_values import TraitState as TraitState
    from volver.know.trait_values import TraitValue as TraitValue
    from volver.know.trait_values import UnknownTrait as UnknownTrait
    from volver.know.trait_values import table_age as table_age
    from volver.know.trait_values import trait_states as trait_states
    from volver.know.trait_values import trait_table as trait_table
    from volver.know.trait_values import traits as traits

_WHERE = {
    "Cohort": "answers",
    "Event": "answers",
    "MOST_QUIET_DAYS": "shop_day",
    "Membership": "answers",
    "Order": "answers",
    "OrderLine": "answers",
    "Scores": "answers",
    "Share": "answers",
    "StageCount": "answers",
    "StageMove": "answers",
    "Todo": "answers",
    "CohortReport": "answers",
    "CustomerProfile": "answers",
    "CustomerRow": "answers",
    "CustomersPage": "answers",
    "Health": "answers",
    "HomeReport": "answers",
    "Kind": "trait",
    "KnowReport": "answers",
    "NoSuchCustomer": "profile",
    "RENEWALS": "room",
    "STAGES": "answers",
    "TRAITS": "room",
    "SegmentSummary": "answers",
    "StageReport": "answers",
    "Today": "shop_day",
    "Trait": "trait",
    "TraitState": "trait_values",
    "TraitValue": "trait_values",
    "UnknownTrait": "trait_values",
    "UnknownPeriod": "figures",
    "UnknownSegment": "listing",
    "UnknownSort": "listing",
    "check_fresh": "checks",
    "check_today": "checks",
    "cohorts": "retention",
    "customer": "profile",
    "customers": "listing",
    "find_customer": "profile",
    "health": "summary",
    "home": "summary",
    "kpi": "figures",
    "orders_held": "renewals",
    "references": "listing",
    "refresh": "renewals",
    "segments": "segment_rules",
    "stages": "lifecycle",
    "table": "listing",
    "table_age": "trait_values",
    "trait_states": "trait_values",
    "trait_table": "trait_values",
    "traits": "trait_values",
    "today": "shop_day",
    "update_order_days": "order_days",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(name)
    return getattr(import_module(f"volver.know.{_WHERE[name]}"), name)
