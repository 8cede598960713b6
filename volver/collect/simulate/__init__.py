"""A shop made by a buying process whose truth is known: catalogue, people, baskets, events. Names load when used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from volver.collect.simulate.bring import import_simulated as import_simulated
    from volver.collect.simulate.catalogue import products as products
    from volver.collect.simulate.law import BuyingProcess as BuyingProcess
    from volver.collect.simulate.shop import SimulatedShop as SimulatedShop
    from volver.collect.simulate.shop import simulate_shop as simulate_shop

_WHERE = {
    "BuyingProcess": "law",
    "SimulatedShop": "shop",
    "import_simulated": "bring",
    "products": "catalogue",
    "simulate_shop": "shop",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(name)
    return getattr(import_module(f"volver.collect.simulate.{_WHERE[name]}"), name)
