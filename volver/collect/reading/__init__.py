"""Reading a shop's files: columns, dates and numbers are recognised, rows are typed. Names load when they are used."""

from typing import TYPE_CHECKING

from volver.core.doors import lazy

if TYPE_CHECKING:
    from volver.collect.reading.canonical import PARSED as PARSED
    from volver.collect.reading.canonical import PROBLEMS as PROBLEMS
    from volver.collect.reading.choices import Answerable as Answerable
    from volver.collect.reading.choices import Choice as Choice
    from volver.collect.reading.choices import choices_of as choices_of
    from volver.collect.reading.field_names import field_words as field_words
    from volver.collect.reading.options import FIELDS as FIELDS
    from volver.collect.reading.options import ReadOptions as ReadOptions
    from volver.collect.reading.options import Remembered as Remembered
    from volver.collect.reading.shapes import merged as merged
    from volver.collect.reading.shapes import shape_of as shape_of
    from volver.collect.reading.sources import Preview as Preview
    from volver.collect.reading.sources import SourceFile as SourceFile
    from volver.collect.reading.sources import Sources as Sources
    from volver.collect.reading.sources import open_frame as open_frame
    from volver.collect.reading.sources import open_sources as open_sources
    from volver.collect.reading.sources import parsed as parsed
    from volver.collect.reading.sources import preview as preview
    from volver.collect.reading.tables import of_file as of_file

__getattr__ = lazy(__name__, __file__)
