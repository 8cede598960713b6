"""Where data rests: the event log, the state, the lake, the compute engine. Names load when they are used."""

from typing import TYPE_CHECKING

from volver.core.doors import lazy

if TYPE_CHECKING:
    from volver.store import canonical as canonical
    from volver.store import merging as merging
    from volver.store import people as people
    from volver.store import schema as schema
    from volver.store.answers import forget_answers as forget_answers
    from volver.store.answers import kept_answer as kept_answer
    from volver.store.answers import may_be_late as may_be_late
    from volver.store.checkpoints import Lag as Lag
    from volver.store.checkpoints import NoSuchProjection as NoSuchProjection
    from volver.store.checkpoints import catch_up as catch_up
    from volver.store.checkpoints import checkpoint as checkpoint
    from volver.store.checkpoints import lags as lags
    from volver.store.checkpoints import replay as replay
    from volver.store.compute import Compute as Compute
    from volver.store.compute import view_sql as view_sql
    from volver.store.disk import sync_all as sync_all
    from volver.store.disk import write_synced as write_synced
    from volver.store.health import Check as Check
    from volver.store.health import answered as answered
    from volver.store.health import check_shop as check_shop
    from volver.store.jobs import Jobs as Jobs
    from volver.store.jobs import NoSuchJob as NoSuchJob
    from volver.store.jobs import key_of as key_of
    from volver.store.jobs_values import Claimed as Claimed
    from volver.store.jobs_values import Ended as Ended
    from volver.store.jobs_values import JobCounts as JobCounts
    from volver.store.jobs_values import QueuedJob as QueuedJob
    from volver.store.lake import Lake as Lake
    from volver.store.lake import NewFile as NewFile
    from volver.store.locks import Locks as Locks
    from volver.store.log import Entry as Entry
    from volver.store.log import EventLog as EventLog
    from volver.store.log import LogEntry as LogEntry
    from volver.store.long_work import LEARNING as LEARNING
    from volver.store.long_work import Busy as Busy
    from volver.store.long_work import one_at_a_time as one_at_a_time
    from volver.store.metrics import Metric as Metric
    from volver.store.metrics import prometheus as prometheus
    from volver.store.metrics import store_metrics as store_metrics
    from volver.store.query import Query as Query
    from volver.store.query import named as named
    from volver.store.query import query_names as query_names
    from volver.store.renewal import Basis as Basis
    from volver.store.renewal import Progress as Progress
    from volver.store.renewal import Renewal as Renewal
    from volver.store.renewal import Stamp as Stamp
    from volver.store.renewal import stamp as stamp
    from volver.store.room import ROOM as ROOM
    from volver.store.settings import StoreSettings as StoreSettings
    from volver.store.shop import NotAShop as NotAShop
    from volver.store.shop import Shop as Shop
    from volver.store.shop import ShopExists as ShopExists
    from volver.store.shop import create_shop as create_shop
    from volver.store.shop import open_shop as open_shop
    from volver.store.signing import open_signed as open_signed
    from volver.store.signing import prove as prove
    from volver.store.signing import sign as sign
    from volver.store.spark import Spark as Spark
    from volver.store.state import State as State
    from volver.store.stream import Appender as Appender
    from volver.store.tables import TABLES as TABLES
    from volver.store.tables import LakeTable as LakeTable
    from volver.store.tables import bring_tables as bring_tables
    from volver.store.tables import columns as columns
    from volver.store.through import layers as layers
    from volver.store.upkeep import compact as compact
    from volver.store.upkeep import keep as keep
    from volver.store.upkeep import tidy as tidy
    from volver.store.warming import MAKING as MAKING
    from volver.store.warming import Warmer as Warmer
    from volver.store.worker import Runner as Runner
    from volver.store.worker import Stopped as Stopped
    from volver.store.worker import UnknownWork as UnknownWork
    from volver.store.worker import Work as Work

__getattr__ = lazy(__name__, __file__)
