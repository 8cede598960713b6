"""The settings of collect: how much may be sent and unpacked, and how long it waits."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from volver.core import Section, setting


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectSettings(Section):
    """What files may bring."""

    def problems(self) -> Iterator[tuple[str, str]]:
        """`tax` is one of its words."""
        if self.tax not in ("", "with", "without"):
            yield "tax", '"with", "without" or empty'

    section: ClassVar[str] = "collect"
    unpack_limit_mb: int = setting(
        0, "How much a gz or zip file may unpack to; 0 means 128 MB, or 50 times its own size.", least=0
    )
    largest_file_mb: int = setting(2048, "The largest file that may be sent to the console or the API.", least=1)
    count_pending: bool = setting(False, "Whether orders that are not paid yet count as sales in what is imported.")
    tax: str = setting("", 'Whether revenue holds tax: "with" or "without"; empty until the first import that tells.')
    keep_files_days: int = setting(7, "Days after which files that were sent and not imported are removed.", least=1)
