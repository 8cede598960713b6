"""Where data rests: the event log, the state, the lake, the compute engine. Names load when they are used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from volver.store import canonical as canonical
    from volver.store import merging as merging
    from volver.store import people as people
    from volver.store import schema as schema
    from volver.store.compute import Compute as Compute
    from volver.store.compute import view_sql as view_sql
    from volver.store.health import Check as Check
    from volver.store.health import check_shop as check_shop
    from volver.store.lake import Lake as Lake
    from volver.store.lake import NewFile as NewFile
    from volver.store.log import Entry as Entry
    from volver.store.log import EventLog as EventLog
    from volver.store.log import LogEntry as LogEntry
    from volver.store.query import Query as Query
    from volver.store.query import named as named
    from volver.store.query import query_names as query_names
    from volver.store.shop import NotAShop as NotAShop
    from volver.store.shop import Shop as Shop
    from volver.store.shop import ShopExists as ShopExists
    from volver.store.shop import create_shop as create_shop
    from volver.store.shop import open_shop as open_shop
    from volver.store.spark import Spark as Spark
    from volver.store.state import State as State
    from volver.store.tables import TABLES as TABLES
    from volver.store.upkeep import compact as compact
    from volver.store.upkeep import keep as keep
    from volver.store.upkeep import tidy as tidy

_WHERE = {
    "Check": "health",
    "Compute": "compute",
    "Entry": "log",
    "EventLog": "log",
    "Lake": "lake",
    "LogEntry": "log",
    "NewFile": "lake",
    "NotAShop": "shop",
    "Query": "query",
    "Shop": "shop",
    "ShopExists": "shop",
    "Spark": "spark",
    "State": "state",
    "TABLES": "tables",
    "check_shop": "health",
    "compact": "upkeep",
    "create_shop": "shop",
    "keep": "upkeep",
    "named": "query",
    "open_shop": "shop",
    "query_names": "query",
    "tidy": "upkeep",
    "view_sql": "compute",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(name)
    return getattr(import_module(f"volver.store.{_WHERE[name]}"), name)
