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
    from volver.know.answers import Merged as Merged
    from volver.know.answers import MergeReport as MergeReport
    from volver.know.answers import Order as Order
    from volver.know.answers import OrderLine as OrderLine
    from volver.know.answers import Scores as Scores
    from volver.know.answers import SegmentSummary as SegmentSummary
    from volver.know.answers import Share as Share
    from volver.know.answers import StageCount as StageCount
    from volver.know.answers import StageMove as StageMove
    from volver.know.answers import StageReport as StageReport
    from volver.know.answers import Todo as Todo
    from volver.know.figures import UnknownPeriod as UnknownPeriod
    from volver.know.figures import kpi as kpi
    from volver.know.identity.finding import NoSuchCustomer as NoSuchCustomer
    from volver.know.identity.finding import find_customer as find_customer
    from volver.know.identity.merging import NoSuchPerson as NoSuchPerson
    from volver.know.identity.merging import NotMerged as NotMerged
    from volver.know.identity.merging import OnePersonAlready as OnePersonAlready
    from volver.know.identity.merging import merge as merge
    from volver.know.identity.merging import merges as merges
    from volver.know.identity.merging import unmerge as unmerge
    from volver.know.listing import UnknownSegment as UnknownSegment
    from volver.know.listing import UnknownSort as UnknownSort
    from volver.know.listing import customers as customers
    from volver.know.listing import references as references
    from volver.know.listing import table as table
    from volver.know.profile import customer as customer
    from volver.know.refreshing import refresh as refresh
    from volver.know.returning import cohorts as cohorts
    from volver.know.segmenting import segments as segments
    from volver.know.standing import stages as stages
    from volver.know.today import health as health
    from volver.know.today import home as home

_WHERE = {
    "Cohort": "answers",
    "Event": "answers",
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
    "KnowReport": "answers",
    "MergeReport": "answers",
    "Merged": "answers",
    "NoSuchCustomer": "identity.finding",
    "NoSuchPerson": "identity.merging",
    "NotMerged": "identity.merging",
    "OnePersonAlready": "identity.merging",
    "STAGES": "answers",
    "SegmentSummary": "answers",
    "StageReport": "answers",
    "UnknownPeriod": "figures",
    "UnknownSegment": "listing",
    "UnknownSort": "listing",
    "cohorts": "returning",
    "customer": "profile",
    "customers": "listing",
    "find_customer": "identity.finding",
    "health": "today",
    "home": "today",
    "kpi": "figures",
    "merge": "identity.merging",
    "merges": "identity.merging",
    "references": "listing",
    "refresh": "refreshing",
    "segments": "segmenting",
    "stages": "standing",
    "table": "listing",
    "unmerge": "identity.merging",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(name)
    return getattr(import_module(f"volver.know.{_WHERE[name]}"), name)
