"""What a room brings: its commands, questions, pages, settings, jobs and the rest, in one frozen value.

`app.ROOMS` is the list of rooms; the command line, the server, the console, the doctor and the docs read that list. A
room names its parts as `module:name`, so that listing them imports nothing and `volver --help` stays quick.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from volver.core.words import Words

if TYPE_CHECKING:
    from volver.core.settings import Section

FORM_BYTES: Final = 64 * 1024


def found(where: str) -> Any:
    """What `module:name` names.

    >>> found("volver.core.version:VERSION") == __import__("volver").__version__
    True
    """
    module, _, name = where.partition(":")
    return getattr(import_module(module), name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command or a group of the command line; `says` is its line in the help."""

    name: str
    where: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """An address: `where` names a function that takes the shop and returns the handler.

    `right` is what a reader must have (`server.RIGHTS`), `largest_bytes` the most that may be sent there.
    """

    path: str
    where: str
    methods: tuple[str, ...] = ("GET",)
    right: str = "read"
    largest_bytes: int = FORM_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An entry of the console's navigation, of its palette and of its keys (`g` and then `key`)."""

    path: str
    icon: str
    label: Words
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """Something to do from the palette that is no page of its own."""

    path: str
    icon: str
    label: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Work that a runner does, one at a time for each `unique` key: `where` names `run(work: store.Work)`.

    What `run` returns is kept as the job's result; None says that there was nothing to do. `lease_s` is how long a
    silent runner keeps it; `every_s` makes it come back by itself. `after` names a job or a projection: this one is due
    whenever that has done something, with the same payload.
    """

    name: str
    where: str
    says: Words
    lease_s: int = 60
    most_attempts: int = 5
    priority: int = 0
    every_s: int | None = None
    after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """A reader of the log: `where` names `take(shop, entries) -> None`, which gets entries of `kinds` in order.

    Entries come at least once, so taking one twice must change nothing.
    """

    name: str
    kinds: tuple[str, ...]
    where: str
    most: int = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A room and all that it brings; the rooms of one shop are a tuple of these.

    `label` heads its places in the navigation (None: no heading). `pages` are the console's; `intake` stands below
    `/v1` (write keys), `webhooks` below `/in` (write keys in the address too), `public` below `/p` (signed links).
    `questions`, `lake` and `settings` name a tuple of `Question`, a tuple of `LakeTable` and a `Section`; `renewals`
    and `traits` tuples of what is derived, in the order in which data flows, and of what is said of customers;
    `answers` are functions of a shop that make the totals its pages show and keep them in the state, called after each
    refresh; `warms` make what a serving process holds in memory. `checks`, `metrics`, `erase` and `export` are
    functions of a shop too. `texts` are Spanish for what the room says.
    """

    name: str
    label: Words | None = None
    commands: tuple[Command, ...] = ()
    questions: str = ""
    pages: tuple[Page, ...] = ()
    intake: tuple[Page, ...] = ()
    webhooks: tuple[Page, ...] = ()
    public: tuple[Page, ...] = ()
    places: tuple[Place, ...] = ()
    deeds: tuple[Deed, ...] = ()
    settings: str = ""
    lake: str = ""
    jobs: tuple[Job, ...] = ()
    projections: tuple[Projection, ...] = ()
    renewals: str = ""
    traits: str = ""
    answers: tuple[str, ...] = ()
    warms: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    erase: str = ""
    export: str = ""
    texts: Mapping[str, str] | None = None


def sections(rooms: Iterable[Room]) -> tuple[type["Section"], ...]:
    """The settings sections of rooms."""
    return tuple(found(room.settings) for room in rooms if room.settings)
