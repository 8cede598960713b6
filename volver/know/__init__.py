"""Knowing: customers, orders, stages, segments, key figures. Names load when they are used."""

from typing import TYPE_CHECKING

from volver.core.doors import lazy

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
    from volver.know.answers import SavedSummary as SavedSummary
    from volver.know.answers import Scores as Scores
    from volver.know.answers import SegmentSummary as SegmentSummary
    from volver.know.answers import Share as Share
    from volver.know.answers import StageCount as StageCount
    from volver.know.answers import StageMove as StageMove
    from volver.know.answers import StageReport as StageReport
    from volver.know.answers import Todo as Todo
    from volver.know.checks import check_fresh as check_fresh
    from volver.know.checks import check_today as check_today
    from volver.know.exports import Emails as Emails
    from volver.know.exports import customer_emails as customer_emails
    from volver.know.exports import customers_csv as customers_csv
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
    from volver.know.json_values import filled as filled
    from volver.know.json_values import plain as plain
    from volver.know.lifecycle import stages as stages
    from volver.know.listing import Choice as Choice
    from volver.know.listing import UnknownSort as UnknownSort
    from volver.know.listing import customers as customers
    from volver.know.listing import references as references
    from volver.know.listing import table as table
    from volver.know.order_days import update_order_days as update_order_days
    from volver.know.profile import customer as customer
    from volver.know.renewals import orders_held as orders_held
    from volver.know.renewals import publish_counts as publish_counts
    from volver.know.renewals import refresh as refresh
    from volver.know.retention import cohorts as cohorts
    from volver.know.room import ROOM as ROOM
    from volver.know.segment_rules import BITS as BITS
    from volver.know.segment_rules import UnknownSegment as UnknownSegment
    from volver.know.segment_rules import segments as segments
    from volver.know.segment_store import LONGEST_NAME as LONGEST_NAME
    from volver.know.segment_store import BadSegmentName as BadSegmentName
    from volver.know.segment_store import Group as Group
    from volver.know.segment_store import NothingToSave as NothingToSave
    from volver.know.segment_store import SavedSegment as SavedSegment
    from volver.know.segment_store import SegmentNameTaken as SegmentNameTaken
    from volver.know.segment_store import TooManySegments as TooManySegments
    from volver.know.segment_store import delete_segment as delete_segment
    from volver.know.segment_store import groups as groups
    from volver.know.segment_store import rename_segment as rename_segment
    from volver.know.segment_store import save_segment as save_segment
    from volver.know.segment_store import saved_segment as saved_segment
    from volver.know.segment_store import saved_segments as saved_segments
    from volver.know.segment_store import saved_summaries as saved_summaries
    from volver.know.settings import KnowSettings as KnowSettings
    from volver.know.shop_day import MOST_QUIET_DAYS as MOST_QUIET_DAYS
    from volver.know.shop_day import Today as Today
    from volver.know.shop_day import today as today
    from volver.know.summary import health as health
    from volver.know.summary import home as home
    from volver.know.summary import rows_set_aside as rows_set_aside
    from volver.know.trait import Kind as Kind
    from volver.know.trait import Trait as Trait
    from volver.know.trait_values import TraitState as TraitState
    from volver.know.trait_values import TraitValue as TraitValue
    from volver.know.trait_values import UnknownTrait as UnknownTrait
    from volver.know.trait_values import table_age as table_age
    from volver.know.trait_values import trait_states as trait_states
    from volver.know.trait_values import trait_table as trait_table
    from volver.know.trait_values import traits as traits

__getattr__ = lazy(__name__, __file__)
