"""A shop's settings: flags over `VOLVER_*` over `volver.toml` over defaults, in one section for each room.

What concerns the whole shop (name, currency, zone, language) stands at the top of the file; the rest stands in its
room's section, `[know] slipping_gaps = 1.5`, and is read by `settings.of(KnowSettings)`. Keys of before the sections,
without one, are still read.
"""

import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar, Final, TypeVar

from volver.core.currencies import CURRENCIES
from volver.core.errors import VolverError
from volver.core.secrets import Secret

FILE = "volver.toml"
_TRUE: Final = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


class UnknownSetting(VolverError):
    """A key that no part of Volver reads."""

    code = "core.unknown_setting"
    says = "{where} has a setting called {name}, which does not exist."
    hint = "Did you mean {nearest}? `volver settings` lists them all."


class BadSetting(VolverError):
    """A value of the wrong type or outside its range."""

    code = "core.bad_setting"
    says = "{where} sets {name} to something that is not {wanted}."
    hint = "See `volver settings` and the chapter on settings."


def setting(default: Any, doc: str, *, least: float | None = None, most: float | None = None) -> Any:
    """A field of a section: its default, what it is for, and between which numbers it must lie."""
    return field(default=default, metadata={"doc": doc, "least": least, "most": most})


class Section:
    """The parent of a room's settings: a frozen dataclass of `setting(…)` fields, and the `section` that holds them."""

    __slots__ = ()
    section: ClassVar[str] = ""

    def problems(self) -> Iterator[tuple[str, str]]:
        """What does not fit together: the name of a setting and what it should be."""
        yield from ()


S = TypeVar("S", bound=Section)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where values come from: a file or flags (`held`, sections as mappings within), or the environment."""

    where: str
    held: Mapping[str, Any] = field(default_factory=dict)
    environment: bool = False

    def given(self, section: str, name: str) -> tuple[Any, bool] | None:
        """A value, and whether it stands there without its section, as it did before; None where it is not given."""
        if self.environment:
            return self._from_environment(section, name)
        inner = self.held.get(section) if section else None
        if isinstance(inner, Mapping) and name in inner:
            return inner[name], False
        return (self.held[name], bool(section)) if name in self.held else None

    def _from_environment(self, section: str, name: str) -> tuple[Any, bool] | None:
        full, short = f"VOLVER_{section}_{name}".upper(), f"VOLVER_{name}".upper()
        if section and full in self.held:
            return self.held[full], False
        return (self.held[short], bool(section)) if short in self.held else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Section):
    """The settings of the whole shop; those of a room by `of`."""

    name: str = setting("My shop", "What the shop is called in the console.")
    currency: str = setting("EUR", "ISO 4217 code of the currency that the ledger is kept in.")
    timezone: str = setting("Europe/Madrid", "The zone in which the shop's days begin and end.")
    lang: str = setting("en", "Language of the console until a person chooses: en or es.")
    sources: tuple[Source, ...] = field(default=(), repr=False, compare=False)
    _read: dict[type[Section], Section] = field(default_factory=dict, repr=False, compare=False)

    def of(self, section: type[S]) -> S:
        """A room's settings. Raises `core.bad_setting`."""
        known = self._read.get(section)
        if not isinstance(known, section):
            known = _section(section, self.sources)
            self._read[section] = known
        return known

    def origin(self, section: type[Section], name: str) -> tuple[str, bool]:
        """Where a setting comes from, and whether it stands there without its section."""
        return _origin(self.sources, section.section, name)

    def problems(self) -> Iterator[tuple[str, str]]:
        """What does not fit together."""
        from volver.core.days import zone_named

        zone_named(self.timezone)
        if self.lang not in ("en", "es"):
            yield "lang", "en or es"
        if self.currency not in CURRENCIES:
            yield "currency", "the code of a currency, such as EUR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting as a person asks for it: value, where it came from, what it is for.

    A secret is shown as dots. `hint` says what to write instead where the setting stands without its section.
    """

    name: str
    value: Any
    origin: str
    doc: str
    hint: str = ""


def load_settings(folder: Path, flags: Mapping[str, Any] | None = None) -> Settings:
    """Read a shop's settings. Raises `core.bad_setting` for a value of the shop that does not fit.

    Values of rooms are read when they are asked for; `check_settings` reads all of them at once.
    """
    held = {key: value for key, value in os.environ.items() if key.startswith("VOLVER_")}
    sources = (
        Source(where=FILE, held=_from_file(folder / FILE)),
        Source(where="environment", held=held, environment=True),
        Source(where="flag", held={key: value for key, value in (flags or {}).items() if value is not None}),
    )
    read = _values(Settings, sources)
    found = Settings(**read, sources=sources)
    _demand(found, sources)
    return found


def check_settings(settings: Settings, sections: Sequence[type[Section]]) -> None:
    """See that every key belongs to a section and every value fits.

    Raises `core.unknown_setting` with the nearest name, `core.bad_setting`.
    """
    known = _names(sections)
    flat = {name for names in known.values() for name in names}
    for source in settings.sources:
        if source.environment:
            continue
        for key, value in source.held.items():
            if isinstance(value, Mapping):
                wrong = [f"{key}.{name}" for name in value if name not in known.get(key, ())]
            else:
                wrong = [] if key in flat else [key]
            if wrong:
                raise UnknownSetting(where=source.where, name=wrong[0], nearest=_nearest(wrong[0], known))
    for section in sections:
        settings.of(section)


def list_settings(settings: Settings, sections: Sequence[type[Section]]) -> tuple[Setting, ...]:
    """Every setting, those of the shop first."""
    found = []
    every: list[type[Section]] = [Settings, *sections]
    for section in every:
        told = settings if section is Settings else settings.of(section)
        for each in setting_fields(section):
            where, is_old = settings.origin(section, each.name)
            value = getattr(told, each.name)
            found.append(
                Setting(
                    name=_full(section.section, each.name),
                    value=value.shown if isinstance(value, Secret) else value,
                    origin=where,
                    doc=each.metadata["doc"],
                    hint=_hint(where, section.section, each.name) if is_old else "",
                )
            )
    return tuple(found)


def setting_fields(section: type[Section]) -> list[Any]:
    """The fields of a section that are settings."""
    return [each for each in fields(section) if "doc" in each.metadata]  # type: ignore[arg-type]  # sections are dataclasses


def write_settings(folder: Path, values: Mapping[str, Any]) -> None:
    """Write `volver.toml` with these values, a mapping as a section; texts are quoted, numbers are plain."""
    lines = [_line(key, value) for key, value in values.items() if not isinstance(value, Mapping)]
    for section, inner in values.items():
        if isinstance(inner, Mapping) and inner:
            lines += ["", f"[{section}]", *(_line(key, value) for key, value in inner.items())]
    (folder / FILE).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _line(key: str, value: Any) -> str:
    import json

    told = json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")  # the one character TOML forbids, JSON not
    return f"{key} = {told}"


def _from_file(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise BadSetting(where=FILE, name="the file", wanted="valid TOML") from problem


def _section(section: type[S], sources: Sequence[Source]) -> S:
    found = section(**_values(section, sources))
    _demand(found, sources)
    return found


def _values(section: type[Section], sources: Sequence[Source]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for source in sources:
        for each in setting_fields(section):
            told = source.given(section.section, each.name)
            if told is not None:
                name = _full(section.section, each.name)
                values[each.name] = _fitting(source.where, name, told[0], type(each.default))
    return values


def _fitting(where: str, name: str, value: Any, wanted: type) -> Any:
    if wanted is bool:
        said = value if isinstance(value, bool) else _TRUE.get(str(value).lower())
        if said is None or (isinstance(value, int | float) and not isinstance(value, bool)):
            raise BadSetting(where=where, name=name, wanted="true or false")
        return said
    is_text = wanted is str or issubclass(wanted, Secret)
    mistaken = isinstance(value, bool | Mapping | list) or (is_text and not isinstance(value, str))
    if mistaken or (wanted is int and isinstance(value, float) and not value.is_integer()):
        raise BadSetting(where=where, name=name, wanted=f"of type {wanted.__name__.lower()}")
    try:
        return wanted(value)
    except (TypeError, ValueError, OverflowError):
        raise BadSetting(where=where, name=name, wanted=f"of type {wanted.__name__.lower()}") from None


def _demand(found: Section, sources: Sequence[Source]) -> None:
    section = type(found)
    wrong = list(_out_of_range(found)) + list(found.problems())
    for name, wanted in wrong[:1]:
        where, _ = _origin(sources, section.section, name)
        raise BadSetting(where=where, name=_full(section.section, name), wanted=wanted)


def _out_of_range(found: Section) -> Iterator[tuple[str, str]]:
    for each in setting_fields(type(found)):
        least, most, value = each.metadata["least"], each.metadata["most"], getattr(found, each.name)
        if least is not None and most is not None and not least <= value <= most:
            yield each.name, f"between {least:g} and {most:g}"
        elif least is not None and not least <= value:
            yield each.name, f"at least {least:g}"


def _origin(sources: Sequence[Source], section: str, name: str) -> tuple[str, bool]:
    for source in reversed(sources):
        told = source.given(section, name)
        if told is not None:
            return source.where, told[1]
    return "default", False


def _names(sections: Sequence[type[Section]]) -> dict[str, list[str]]:
    every: list[type[Section]] = [Settings, *sections]
    return {each.section: [one.name for one in setting_fields(each)] for each in every}


def _nearest(wrong: str, known: Mapping[str, Sequence[str]]) -> str:
    """The name that was probably meant, with its section."""
    import difflib

    full = {_full(section, name): name for section, names in known.items() for name in names}
    scored = {told: max(_likeness(wrong, told), _likeness(wrong.split(".")[-1], name)) for told, name in full.items()}
    return max(scored, key=lambda told: (scored[told], difflib.SequenceMatcher(None, wrong, told).ratio()))


def _likeness(one: str, other: str) -> float:
    import difflib

    return difflib.SequenceMatcher(None, one, other).ratio()


def _full(section: str, name: str) -> str:
    return f"{section}.{name}" if section else name


def _hint(where: str, section: str, name: str) -> str:
    if where == "environment":
        return f"Call it VOLVER_{section.upper()}_{name.upper()}."
    return f"Write {name} under [{section}]."
