"""What the money of a file means: the interpretation under which it adds up. Names load when they are used."""

from typing import TYPE_CHECKING

from volver.core.doors import lazy

if TYPE_CHECKING:
    from volver.collect.reading.money.asks import check_answers as check_answers
    from volver.collect.reading.money.interpretation import FileMoney as FileMoney
    from volver.collect.reading.money.interpretation import Money as Money
    from volver.collect.reading.money.search import money_of as money_of

__getattr__ = lazy(__name__, __file__)
