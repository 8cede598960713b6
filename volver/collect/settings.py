"""The settings of collect."""

from dataclasses import dataclass
from typing import ClassVar

from volver.core import Section, setting


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectSettings(Section):
    """How much may be sent, and how long it waits."""

    section: ClassVar[str] = "collect"
    largest_file_mb: int = setting(2048, "The largest file that may be sent to the console or the API.", least=1)
    keep_files_days: int = setting(7, "Days after which files that were sent and not imported are removed.", least=1)
