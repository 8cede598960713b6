"""What every room shares: errors, words, money, time, settings, answers, the bus. Imports nothing of ours.

Names load when they are used, so that `volver --help` stays quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from volver.core import clock as clock
from volver.core.errors import VolverError as VolverError
from volver.core.errors import all_errors as all_errors

if TYPE_CHECKING:
    from volver.core.answer import Answer as Answer
    from volver.core.bus import Bus as Bus
    from volver.core.days import day_of as day_of
    from volver.core.days import midnight_us as midnight_us
    from volver.core.days import zone_named as zone_named
    from volver.core.identifiers import Kind as Kind
    from volver.core.identifiers import named_by as named_by
    from volver.core.identifiers import normal as normal
    from volver.core.identifiers import normal_email as normal_email
    from volver.core.identifiers import normal_phone as normal_phone
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

_WHERE = {
    "Answer": "answer",
    "Bus": "bus",
    "E4": "money",
    "Kind": "identifiers",
    "Money": "money",
    "Setting": "settings",
    "Settings": "settings",
    "VERSION": "version",
    "Words": "words",
    "day_of": "days",
    "decimal_text": "money",
    "load_settings": "settings",
    "log": "logs",
    "midnight_us": "days",
    "named_by": "identifiers",
    "normal": "identifiers",
    "normal_email": "identifiers",
    "normal_phone": "identifiers",
    "read_words": "words",
    "write_settings": "settings",
    "zone_named": "days",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(name)
    return getattr(import_module(f"volver.core.{_WHERE[name]}"), name)
