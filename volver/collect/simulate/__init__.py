"""A shop made by a buying process whose truth is known: catalogue, people, baskets, events. Names load when used."""

from typing import TYPE_CHECKING

from volver.core.doors import lazy

if TYPE_CHECKING:
    from volver.collect.simulate.bring import import_simulated as import_simulated
    from volver.collect.simulate.catalogue import products as products
    from volver.collect.simulate.law import BuyingProcess as BuyingProcess
    from volver.collect.simulate.shop import SimulatedShop as SimulatedShop
    from volver.collect.simulate.shop import simulate_shop as simulate_shop

__getattr__ = lazy(__name__, __file__)
