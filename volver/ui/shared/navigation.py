"""Where one can go from every page: the rooms' places under their headings, and what else can be done."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from volver.core import Deed, Place, Room, Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Navigation:
    """Places by room (a room without a label has no heading), and deeds of the palette."""

    groups: tuple[tuple[Words | None, tuple[Place, ...]], ...] = ()
    deeds: tuple[Deed, ...] = ()

    @property
    def places(self) -> tuple[Place, ...]:
        """Every place, in order."""
        return tuple(place for _, places in self.groups for place in places)

    @staticmethod
    def of(rooms: Sequence[Room], may: Callable[[str], bool]) -> "Navigation":
        """What rooms bring, as far as the reader `may` open its address."""
        groups = [(room.label, tuple(each for each in room.places if may(each.path))) for room in rooms]
        deeds = (each for room in rooms for each in room.deeds)
        return Navigation(
            groups=tuple((label, places) for label, places in groups if places),
            deeds=tuple(each for each in deeds if may(each.path)),
        )
