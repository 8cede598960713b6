"""Where data rests: the event log, the state, the lake, the compute engine. Names load when they are used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from volver.store.compute import Compute as Compute
    from volver.store.lake import Lake as Lake
    from volver.store.lake import NewFile as NewFile
    from volver.store.log import Entry as Entry
    from volver.store.log import EventLog as EventLog
    from volver.store.log import LogEntry as LogEntry
    from volver.store.shop import NotAShop as NotAShop
    from volver.store.shop import Shop as Shop
    from volver.store.shop import ShopExists as ShopExists
    from volver.store.shop import create_shop as create_shop
    from volver.store.shop import open_shop as open_shop
    from volver.store.state import State as State
    from volver.store.tables import TABLES as TABLES

_WHERE = {
    "Compute": "compute",
    "Entry": "log",
    "EventLog": "log",
    "Lake": "lake",
    "LogEntry": "log",
    "NewFile": "lake",
    "NotAShop": "shop",
    "Shop": "shop",
    "ShopExists": "shop",
    "State": "state",
    "TABLES": "tables",
    "create_shop": "shop",
    "open_shop": "shop",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(name)
    return getattr(import_module(f"volver.store.{_WHERE[name]}"), name)
