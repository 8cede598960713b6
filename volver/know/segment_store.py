"""Segments that people save: a list of customers by name, counted anew whenever the shop changes.

A saved segment rests in the state: its name, its kind and its rule. The one kind so far is a filter: customers who are
in all of some stages and segments. Membership is never stored, so a segment is as true as the facts it reads.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from volver.core import VolverError, Words, clock
from volver.know.answers import STAGES, SavedSummary
from volver.know.as_of import as_of
from volver.know.segment_rules import BITS, SEGMENTS, UnknownSegment
from volver.know.words import STAGE_LABELS
from volver.store import Shop, schema

FILTER: Final = "filter"
LONGEST_NAME: Final = 60
MOST_SAVED: Final = 200
_PREFIX: Final = "saved-"
_LABELS: Final = STAGE_LABELS | {each.key: each.label for each in SEGMENTS}


class BadSegmentName(VolverError):
    """A name that cannot be shown in a list."""

    code = "know.bad_segment_name"
    says = "A segment needs a name of 1 to {most} characters."
    hint = "Say who is in it, such as VIPs about to leave."


class SegmentNameTaken(VolverError):
    """Two segments would have one name."""

    code = "know.segment_name_taken"
    says = "There is a segment of this name already."
    hint = "Choose another name, or delete the other segment."
    status = 409


class NothingToSave(VolverError):
    """A filter that leaves nobody out."""

    code = "know.nothing_to_save"
    says = "This list holds every customer, so there is nothing to save."
    hint = "Choose a stage or a segment first."


class TooManySegments(VolverError):
    """More segments than anybody reads."""

    code = "know.too_many_segments"
    says = "There are {most} saved segments already."
    hint = "Delete one that nobody uses."


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """Whoever is in all of these stages and built-in segments."""

    stages: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()

    def also(self, other: "Conditions") -> "Conditions":
        """Both together."""
        return Conditions(
            stages=tuple(dict.fromkeys((*self.stages, *other.stages))),
            segments=tuple(dict.fromkeys((*self.segments, *other.segments))),
        )

    def holds(self, stage: str, bits: int) -> bool:
        """Whether a customer of this stage, in these segments, is inside."""
        return all(each == stage for each in self.stages) and all(bits & BITS[each] for each in self.segments)


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedSegment:
    """A segment that somebody saved; `key` names it in addresses and commands."""

    id: int
    name: str
    kind: str
    conditions: Conditions

    @property
    def key(self) -> str:
        """What it is called where built-in segments have a key: saved-3."""
        return f"{_PREFIX}{self.id}"

    @property
    def rule(self) -> Words:
        """Who is in it, in words."""
        labels = [_LABELS[each] for each in (*self.conditions.stages, *self.conditions.segments)]
        said = labels[0]
        for label in labels[1:]:
            said = Words("{one} and {other}", {"one": said, "other": label})
        return said


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """How many customers are in one stage and one combination of segments, and their money."""

    stage: str
    segments: int
    customers: int
    net_e4: int
    value_e4: int | None


def saved_segments(shop: Shop) -> tuple[SavedSegment, ...]:
    """Every saved segment, by name."""
    table = schema.saved_segments
    with shop.state.read() as rows:
        found = rows.execute(select(table).order_by(table.c.name_key)).mappings().all()
    return tuple(_saved(each) for each in found)


def saved_segment(shop: Shop, key: str) -> SavedSegment | None:
    """The saved segment of a key, or None."""
    number = key.removeprefix(_PREFIX)
    if number == key or not number.isascii() or not number.isdecimal() or len(number) > 18:
        return None
    with shop.state.read() as rows:
        wanted = select(schema.saved_segments).where(schema.saved_segments.c.id == int(number))
        found = rows.execute(wanted).mappings().first()
    return None if found is None else _saved(found)


def conditions_of(shop: Shop, stage: str | None, segment: str | None) -> Conditions:
    """What a stage and a segment demand; a segment may be built in, a stage or saved. Raises `know.unknown_segment`."""
    found = Conditions()
    if stage:
        if stage not in STAGES:
            raise UnknownSegment(segment=stage)
        found = Conditions(stages=(stage,))
    if not segment:
        return found
    if segment in STAGES:
        return found.also(Conditions(stages=(segment,)))
    if segment in BITS:
        return found.also(Conditions(segments=(segment,)))
    saved = saved_segment(shop, segment)
    if saved is None:
        raise UnknownSegment(segment=segment)
    return found.also(saved.conditions)


def save_segment(shop: Shop, name: str, *, stage: str | None = None, segment: str | None = None) -> SavedSegment:
    """Save whoever is in a stage and a segment under a name.

    Raises `know.bad_segment_name`, `know.segment_name_taken`, `know.nothing_to_save`, `know.unknown_segment`,
    `know.too_many_segments`.
    """
    name, conditions = _name(name), conditions_of(shop, stage, segment)
    if conditions == Conditions():
        raise NothingToSave
    table, now = schema.saved_segments, clock.now_us()
    rule = json.dumps({"stages": conditions.stages, "segments": conditions.segments})
    made = {"name": name, "name_key": _alike(name), "kind": FILTER, "rule": rule, "made_us": now, "changed_us": now}
    try:
        with shop.state.begin() as rows:
            if rows.execute(select(func.count()).select_from(table)).scalar_one() >= MOST_SAVED:
                raise TooManySegments(most=MOST_SAVED)
            number = int(rows.execute(insert(table).values(made).returning(table.c.id)).scalar_one())
    except IntegrityError:
        raise SegmentNameTaken from None
    return SavedSegment(id=number, name=name, kind=FILTER, conditions=conditions)


def rename_segment(shop: Shop, key: str, name: str) -> SavedSegment:
    """Give a saved segment another name.

    Raises `know.bad_segment_name`, `know.segment_name_taken`, `know.unknown_segment`.
    """
    name, found = _name(name), _known(shop, key)
    table = schema.saved_segments
    values = {"name": name, "name_key": _alike(name), "changed_us": clock.now_us()}
    try:
        with shop.state.begin() as rows:
            if not rows.execute(update(table).where(table.c.id == found.id).values(values)).rowcount:
                raise UnknownSegment(segment=key)
    except IntegrityError:
        raise SegmentNameTaken from None
    return SavedSegment(id=found.id, name=name, kind=found.kind, conditions=found.conditions)


def delete_segment(shop: Shop, key: str) -> SavedSegment:
    """Delete a saved segment; its customers stay as they are. Raises `know.unknown_segment`."""
    found, table = _known(shop, key), schema.saved_segments
    with shop.state.begin() as rows:
        if not rows.execute(delete(table).where(table.c.id == found.id)).rowcount:
            raise UnknownSegment(segment=key)  # somebody else was faster
    return found


def groups(shop: Shop, at: date | None = None) -> tuple[Group, ...]:
    """How many customers there are by stage and segments: every saved filter can be counted from these."""
    with as_of(shop, at) as here:
        return tuple(
            Group(
                stage=row["stage"],
                segments=int(row["segments"]),
                customers=int(row["customers"]),
                net_e4=int(row["net_e4"]),
                value_e4=int(row["value_e4"] or 0) if row["scored"] else None,
            )
            for row in here.rows("group_counts")
        )


def saved_summaries(shop: Shop, counted: Iterable[Group]) -> tuple[SavedSummary, ...]:
    """Every saved segment with how many are in it and their money, from `groups`."""
    held = tuple(counted)
    everyone = sum(each.customers for each in held)
    return tuple(_summary(each, held, everyone) for each in saved_segments(shop))


def _summary(saved: SavedSegment, held: tuple[Group, ...], everyone: int) -> SavedSummary:
    inside = [each for each in held if saved.conditions.holds(each.stage, each.segments)]
    scored = [each.value_e4 for each in inside if each.value_e4 is not None]
    members = sum(each.customers for each in inside)
    return SavedSummary(
        key=saved.key,
        name=saved.name,
        kind=saved.kind,
        rule=saved.rule,
        members=members,
        share=members / everyone if everyone else None,
        net_e4=sum(each.net_e4 for each in inside),
        value_e4=sum(scored) if scored else None,
    )


def _known(shop: Shop, key: str) -> SavedSegment:
    found = saved_segment(shop, key)
    if found is None:
        raise UnknownSegment(segment=key)
    return found


def _saved(row: Any) -> SavedSegment:
    rule = json.loads(row["rule"])
    conditions = Conditions(stages=tuple(rule["stages"]), segments=tuple(rule["segments"]))
    return SavedSegment(id=row["id"], name=row["name"], kind=row["kind"], conditions=conditions)


def _name(given: str) -> str:
    """A name that can stand in a line. Raises `know.bad_segment_name`."""
    name = " ".join(given.split())
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise BadSegmentName(most=LONGEST_NAME)
    return name


def _alike(name: str) -> str:
    """What two names have in common that are told apart by case alone."""
    return name.casefold()
