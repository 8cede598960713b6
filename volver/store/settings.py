"""The store's settings: where state, lake and heavy queries rest, and how much of the machine a query may use."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

from volver.core import Section, Url, setting

_HERE: Final = Url()
_SCHEMES: Final = {
    "state": ("postgresql", "postgresql+psycopg"),
    "lake": ("file", "s3", "s3a", "gs", "az", "abfss"),
    "compute": ("sc",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings(Section):
    """Where data rests, and what a query may use."""

    section: ClassVar[str] = "store"
    state: Url = setting(_HERE, "Where the state rests: postgresql://…; empty means `state.db` inside the shop.")
    lake: Url = setting(_HERE, "Where the lake rests: s3://… or file://…; empty means `lake/` inside the shop.")
    compute: Url = setting(
        _HERE, "Who answers the heavy queries: sc://host:port (Spark Connect); empty means DuckDB here."
    )
    memory_limit_mb: int = setting(
        2048, "How much memory one analytic query may use before it spills to disk.", least=128
    )
    threads: int = setting(2, "Threads that one analytic query may use.", least=1)
    spill_folder: str = setting("", "Where queries spill; empty means `spill/` inside the shop.")

    def problems(self) -> Iterator[tuple[str, str]]:
        """Addresses of a kind that the store does not know."""
        for name, known in _SCHEMES.items():
            url: Url = getattr(self, name)
            if url and url.scheme not in known:
                yield name, "an address that begins with " + " or ".join(f"{each}://" for each in known)
