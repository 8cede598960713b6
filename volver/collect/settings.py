"""The settings of collect: how much a packed file may hold."""

from dataclasses import dataclass
from typing import ClassVar

from volver.core import Section, setting


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectSettings(Section):
    """What files may bring."""

    section: ClassVar[str] = "collect"
    unpack_limit_mb: int = setting(
        0, "How much a gz or zip file may unpack to; 0 means 128 MB, or 50 times its own size.", least=0
    )
