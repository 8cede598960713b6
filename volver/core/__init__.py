"""What every room shares: errors, words, money, time, settings, answers, the shape of a room. Imports nothing of ours.

Names load when they are used, so that `volver --help` stays quick.
"""

from typing import TYPE_CHECKING

from volver.core import clock as clock
from volver.core.doors import lazy as lazy
from volver.core.errors import VolverError as VolverError
from volver.core.errors import all_errors as all_errors

if TYPE_CHECKING:
    from volver.core.answer import Answer as Answer
    from volver.core.answer import NoFrameLibrary as NoFrameLibrary
    from volver.core.answer import in_units as in_units
    from volver.core.cleaning import one_line as one_line
    from volver.core.cleaning import plain as plain
    from volver.core.cleaning import plain_lines as plain_lines
    from volver.core.cleaning import some_of as some_of
    from volver.core.currencies import CURRENCIES as CURRENCIES
    from volver.core.days import day_of as day_of
    from volver.core.days import midnight_us as midnight_us
    from volver.core.days import zone_named as zone_named
    from volver.core.folding import folded as folded
    from volver.core.folding import unaccented as unaccented
    from volver.core.identifiers import Kind as Kind
    from volver.core.identifiers import named_by as named_by
    from volver.core.identifiers import normal as normal
    from volver.core.identifiers import normal_email as normal_email
    from volver.core.identifiers import normal_phone as normal_phone
    from volver.core.logs import log as log
    from volver.core.money import E4 as E4
    from volver.core.money import Money as Money
    from volver.core.money import decimal_text as decimal_text
    from volver.core.question import BadParameter as BadParameter
    from volver.core.question import Parameter as Parameter
    from volver.core.question import Question as Question
    from volver.core.question import Reply as Reply
    from volver.core.question import UnknownParameter as UnknownParameter
    from volver.core.room import Command as Command
    from volver.core.room import Deed as Deed
    from volver.core.room import Job as Job
    from volver.core.room import Page as Page
    from volver.core.room import Place as Place
    from volver.core.room import Projection as Projection
    from volver.core.room import Room as Room
    from volver.core.room import found as found
    from volver.core.room import sections as sections
    from volver.core.secrets import Secret as Secret
    from volver.core.secrets import Url as Url
    from volver.core.settings import Section as Section
    from volver.core.settings import Setting as Setting
    from volver.core.settings import Settings as Settings
    from volver.core.settings import check_settings as check_settings
    from volver.core.settings import list_settings as list_settings
    from volver.core.settings import load_settings as load_settings
    from volver.core.settings import setting as setting
    from volver.core.settings import write_settings as write_settings
    from volver.core.texts import bring_texts as bring_texts
    from volver.core.texts import brought_text as brought_text
    from volver.core.version import VERSION as VERSION
    from volver.core.words import Words as Words
    from volver.core.words import read_words as read_words

__getattr__ = lazy(__name__, __file__)
