"""Do the log, the state and the lake belong together? Whoever opens a shop asks, before anything is written.

What goes wrong by hand is that one of them is an older copy, another shop's, or not there. Each part says how far it
has come: the log by its highest offset, the lake by its commits, the state by the imports that it knows and by its
table `parts`. The log gets a number by chance when it is made, which commits of the lake and the state name.

Where one is behind another, nothing may be taken in: an offset that the lake has passed would be given a second time,
and what arrives under it would be dropped as known.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from volver.core import VolverError
from volver.store.lake import LOG_ID, MARK
from volver.store.part_notes import LAKE, LOG, NOTE, adopt_log
from volver.store.tables import TABLES

if TYPE_CHECKING:
    from volver.store.shop import Shop

_AMEND: Final = (
    "Put the newest one back, or take the whole shop from a backup with `volver restore`. Without one, "
    "`volver doctor --accept-loss` goes on with what is there."
)


class LogLost(VolverError):
    """The log is empty, and the other parts have taken much from it."""

    code = "store.log_lost"
    says = "log.db is empty or was missing, but {part} holds the log up to {reached}."
    hint = _AMEND
    status = 500


class LogBehind(VolverError):
    """The log is an older copy."""

    code = "store.log_behind"
    says = "log.db ends at {last}, but {part} holds the log up to {reached}: it is an older copy."
    hint = _AMEND
    status = 500


class ForeignLog(VolverError):
    """The log is that of another shop, or of a copy of this one that went its own way."""

    code = "store.foreign_log"
    says = "log.db is not the log that {part} was made from."
    hint = (
        "Put the one back that belongs here, or take the whole shop from a backup with `volver restore`. Without one, "
        "move this log away and ask `volver doctor`."
    )
    status = 500


class LakeLost(VolverError):
    """None of the lake's tables is there."""

    code = "store.lake_lost"
    says = "The lake is empty or was missing, but the state knows that it held the log up to {reached}."
    hint = (
        "See that its folder is there (a disk that is not mounted?), or take the shop from a backup with "
        "`volver restore`. Without one, `volver doctor --accept-loss` lists what to import again."
    )
    status = 500


class LakeBehind(VolverError):
    """A table of the lake is an older copy."""

    code = "store.lake_behind"
    says = "The lake's {tables} hold the log up to {held}, but the state knows {reached} there: an older copy."
    hint = (
        "Try `volver collect replay`, which takes from the log what is still there; else put the newest lake back, or "
        "take the shop from a backup with `volver restore`. Without one, `volver doctor --accept-loss` lists what to "
        "import again."
    )
    status = 500


class StateLost(VolverError):
    """The state is empty, and the other parts are not."""

    code = "store.state_lost"
    says = "The state is empty or was missing, but {part} goes up to {reached}."
    hint = (
        "Put the newest state.db back, or take the shop from a backup with `volver restore`. Without one, "
        "`volver collect replay` writes the imports down again; accounts, merges by hand and rows set aside are gone."
    )
    status = 500


class StateBehind(VolverError):
    """The state is an older copy."""

    code = "store.state_behind"
    says = "The state knows {known} of {what}, the lake {there}: the state is an older copy."
    hint = StateLost.hint
    status = 500


@dataclass(frozen=True, slots=True)
class _Held:
    """What the state says: the newest import and its message id, the farthest checkpoint, and `parts`."""

    newest: int
    message_id: str
    checkpoint: int
    parts: Mapping[str, tuple[int, int]]

    @property
    def reached(self) -> int:
        """The highest offset that the state has heard of."""
        return max([self.newest, self.checkpoint, *(offset for _, offset in self.parts.values())])


def check_log(shop: "Shop") -> None:
    """See that the log is the one which the other parts were made from, to its end.

    Raises `store.log_lost`, `store.log_behind`, `store.foreign_log`.
    """
    for fault in log_faults(shop):
        raise fault


def check_parts(shop: "Shop") -> None:
    """See that state and lake belong to the log, none older than another; then let the state know the log.

    Finish first what a crash left between them. Raises `store.state_lost`, `store.state_behind`, `store.lake_lost`,
    `store.lake_behind`.
    """
    held = _held(shop)
    for fault in _lake_and_state_faults(shop, held):
        raise fault
    identity, _ = held.parts.get(LOG, (0, 0))
    if not identity:
        adopt_log(shop.state, shop.log.identity)


def faults(shop: "Shop") -> tuple[VolverError, ...]:
    """All that does not belong together; for who looks at a shop that cannot be opened."""
    return (*log_faults(shop), *_lake_and_state_faults(shop, _held(shop)))


def log_faults(shop: "Shop") -> Iterator[VolverError]:
    """What the other parts know better than the log."""
    held, lake = _held(shop), _lake(shop)
    last = shop.log.last()  # after the others: it only grows
    known = [("the state", held.reached), *((f"the lake's {name}", _reached(marks)) for name, marks in lake.items())]
    part, reached = max(known, key=lambda each: each[1])
    if reached > last:
        if last:
            yield LogBehind(last=last, part=part, reached=reached)
        else:
            yield LogLost(part=part, reached=reached)
        return
    identities = [("the state", held.parts.get(LOG, (0, 0))[0])]
    identities += [(f"the lake's {name}", marks.get(LOG_ID, 0)) for name, marks in lake.items()]
    foreign = [part for part, identity in identities if identity not in (0, shop.log.identity)]
    if not foreign and shop.log.message_id(held.newest) not in (None, held.message_id):
        foreign = ["the state"]
    if not foreign:
        foreign = [f"the lake's {name}" for name, marks in lake.items() if _is_other(shop, marks)]
    if foreign:
        yield ForeignLog(part=foreign[0])


def _lake_and_state_faults(shop: "Shop", held: _Held) -> Iterator[VolverError]:
    lake = _lake(shop)  # after the state: it is written first, so it knows at least what the state knew
    last = shop.log.last()
    wanted = {name.removeprefix(LAKE): offset for name, (_, offset) in held.parts.items() if name.startswith(LAKE)}
    behind = {name: lake.get(name, {}).get("log", -1) for name in wanted}
    behind = {name: offset for name, offset in behind.items() if offset < wanted[name]}
    if behind and not lake:
        yield LakeLost(reached=max(wanted.values()))
    elif behind:
        reached = max(wanted[name] for name in behind)
        yield LakeBehind(tables=", ".join(sorted(behind)), held=max(0, min(behind.values())), reached=reached)
    there = max((marks.get("log", -1) for marks in lake.values()), default=-1)
    if LOG not in held.parts and (last or there > 0):
        yield StateLost(part="the log" if last else "the lake", reached=last or there)
    elif there > held.newest and not _is_in_flight(shop, there):
        yield StateBehind(known=held.newest, what="the imports", there=there)
    else:
        yield from _changes_behind(shop)


def _changes_behind(shop: "Shop") -> Iterator[VolverError]:
    """Merges are written to the state before the lake tells of them."""
    told = shop.lake.marks("canonical", ("seen_changes",)).get("seen_changes", 0)
    if told:
        known = int(shop.state.quick_read(_CHANGES)[0][0])
        if told > known:
            yield StateBehind(known=known, what="the changes of merges", there=told)


_CHANGES: Final = "select coalesce(max(case when undone_no > made_no then undone_no else made_no end), 0) from merges"


def go_on(shop: "Shop") -> int:
    """Let a log that lost its end, or all, go on above every offset that was ever taken; that offset.

    What the lost entries said beyond what the lake holds stays lost. Whoever asks for this knows it.
    """
    reached = max([_held(shop).reached, *map(_reached, _lake(shop).values())])
    shop.log.go_on_after(reached)
    for name in _lake(shop):
        shop.lake.note(name, {LOG_ID: shop.log.identity})
    adopt_log(shop.state, shop.log.identity)
    return reached


def restate_lake(shop: "Shop", held: Mapping[str, int]) -> None:
    """Write down anew how far the lake's tables have come, where it was found that they lack what the state knew."""
    with shop.state.quick_begin() as run:
        run("delete from parts where name like 'lake:%'")
        for name, offset in held.items():
            if offset >= 0:
                run(NOTE, name=f"{LAKE}{name}", identity=0, offset=offset)


def mark_of(message_id: str) -> int:
    """A number of a message id, as commits of the lake carry it.

    >>> mark_of("ff")
    255
    """
    import hashlib

    hexadecimal = set(message_id) <= set("0123456789abcdef")
    return int((message_id if hexadecimal else hashlib.sha256(message_id.encode()).hexdigest())[:15] or "0", 16)


def _held(shop: "Shop") -> _Held:
    parts = {str(name): (int(identity), int(offset)) for name, identity, offset in shop.state.quick_read(_PARTS)}
    newest = shop.state.quick_read(_NEWEST)
    passed = shop.state.quick_read('select coalesce(max("offset"), 0) from checkpoints')
    offset, message_id = newest[0] if newest else (0, "")
    return _Held(int(offset), str(message_id), int(passed[0][0]), parts)


_PARTS: Final = 'select name, identity, "offset" from parts'
_NEWEST: Final = 'select "offset", digest from batches order by "offset" desc limit 1'


def _lake(shop: "Shop") -> dict[str, dict[str, int]]:
    """What the commits of each table that follows the log say of it; tables that are not there are left out."""
    names = [name for name, table in TABLES.items() if table.from_log]
    return {name: marks for name in names if (marks := shop.lake.marks(name)) or shop.lake.version(name) >= 0}


def _reached(marks: Mapping[str, int]) -> int:
    return max(marks.get("log", 0), marks.get("stream", 0))


def _is_other(shop: "Shop", marks: Mapping[str, int]) -> bool:
    """Whether the log's entry at a table's offset is not the one that the table took."""
    if MARK not in marks or "log" not in marks:
        return False
    found = shop.log.message_id(marks["log"])
    return found is not None and mark_of(found) != marks[MARK]


def _is_in_flight(shop: "Shop", there: int) -> bool:
    """Whether another process is about to let the state know what the lake has, or just did: it holds the imports."""
    return shop.lake.alone("imports").is_held() or _held(shop).newest >= there
