"""What every room shares: errors, words, money, time, settings, answers, the bus. Imports nothing of ours.

Names load when they are used, so that `volver --help` stays quick.
"""

from typing import TYPE_CHECKING

from volver.core import clock as clock
from volver.core.doors import lazy as lazy
from volver.core.errors import VolverError as VolverError
from volver.core.errors import all_errors as all_errors

if TYPE_CHECKING:
    from volver.core.answer import Answer as Answer
    from volver.core.bus import Bus as Bus
    from volver.core.days import day_of as day_of
    from volver.core.days import midnight_us as midnight_us
    from volver.core.days import zone_named as zone_named
    from volver.core.folding import folded as folded
    from volver.core.folding import unaccented as unaccented
    from volver.core.logs import log as log
    from volver.core.money import E4 as E4
    from volver.core.money import Money as Money
    from volver.core.money import decimal_text as decimal_text
    from volver.core.settings import Setting as Setting
    from volver.core.settings import Settings as Settings
    from volver.core.settings import load_settings as load_settings
    from volver.core.settings import write_settings as write_settings
    from volver.core.version import VERSION as VERSION
    from volver.core.words import Words as Words
    from volver.core.words import read_words as read_words

__getattr__ = lazy(__name__, __file__)
