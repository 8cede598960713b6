"""A shop's settings: flags over `VOLVER_*` over `volver.toml` over defaults, and where each came from."""

import difflib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from volver.core.errors import VolverError

FILE = "volver.toml"


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


def _setting(default: Any, doc: str) -> Any:
    return field(default=default, metadata={"doc": doc})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting of a shop. Types are int, float or str; units are in the names."""

    name: str = _setting("My shop", "What the shop is called in the console.")
    currency: str = _setting("EUR", "ISO 4217 code of the currency that the ledger is kept in.")
    timezone: str = _setting("Europe/Madrid", "The zone in which the shop's days begin and end.")
    lang: str = _setting("en", "Language of the console until a person chooses: en or es.")
    margin_rate: float = _setting(0.4, "Share of net revenue that is margin where a product's cost is not known.")
    memory_limit_mb: int = _setting(2048, "How much memory one analytic query may use before it spills to disk.")
    threads: int = _setting(2, "Threads that one analytic query may use.")
    state: str = _setting("", "Where the state rests: postgresql://…; empty means `state.db` inside the shop.")
    lake: str = _setting("", "Where the lake rests: s3://… or file://…; empty means `lake/` inside the shop.")
    compute: str = _setting(
        "", "Who answers the heavy queries: sc://host:port (Spark Connect); empty means DuckDB here."
    )
    spill_folder: str = _setting("", "Where queries spill; empty means `spill/` inside the shop.")
    new_days: int = _setting(0, "Days that a first-time buyer counts as new; 0 means the shop's usual second gap.")
    slipping_gaps: float = _setting(1.5, "Usual gaps without an order after which a customer is slipping.")
    sleeping_gaps: float = _setting(3.0, "Usual gaps without an order after which a customer is sleeping.")
    lost_gaps: float = _setting(6.0, "Usual gaps without an order after which a customer is lost.")
    big_spender_quantile: float = _setting(0.9, "Customers above this quantile of net spend are big spenders.")
    high_aov_quantile: float = _setting(0.9, "Customers above this quantile of average order value are high AOV.")
    loyal_orders_quantile: float = _setting(0.9, "Repeat buyers above this quantile of orders are loyal.")
    vip_value_quantile: float = _setting(0.95, "Customers above this quantile of net spend and on time are VIP.")
    discount_share: float = _setting(0.5, "Share of orders with a discount from which a customer is a discount buyer.")
    cancel_within_hours: int = _setting(24, "An order undone as a whole within these hours never was an order.")
    discount_rate_yearly: float = _setting(0.1, "Yearly rate at which future money is discounted.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting as a person asks for it: value, where it came from, what it is for."""

    name: str
    value: Any
    origin: str
    doc: str


def load_settings(folder: Path, flags: Mapping[str, Any] | None = None) -> tuple[Settings, tuple[Setting, ...]]:
    """Read a shop's settings and the origin of each.

    Raises `core.unknown_setting` with the nearest name, `core.bad_setting` for a value that does not fit.
    """
    sources = [
        (FILE, _from_file(folder / FILE)),
        ("environment", _from_environment()),
        ("flag", {key: value for key, value in (flags or {}).items() if value is not None}),
    ]
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    known = {each.name: each for each in fields(Settings)}
    for where, found in sources:
        for key, value in found.items():
            if key not in known:
                nearest = difflib.get_close_matches(key, known, 1, 0.0)
                raise UnknownSetting(where=where, name=key, nearest=nearest[0])
            values[key] = _fitting(where, key, value, type(known[key].default))
            origins[key] = where
    settings = Settings(**values)
    _check(settings, origins)
    listed = tuple(
        Setting(name=key, value=getattr(settings, key), origin=origins.get(key, "default"), doc=each.metadata["doc"])
        for key, each in known.items()
    )
    return settings, listed


def write_settings(folder: Path, values: Mapping[str, Any]) -> None:
    """Write `volver.toml` with these values; texts are quoted, numbers are plain."""
    import json

    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
    text = "\n".join(lines).replace("\x7f", "\\u007f")  # the one character that TOML forbids and JSON does not
    (folder / FILE).write_text(text + "\n", encoding="utf-8")


def _from_file(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise BadSetting(where=FILE, name="the file", wanted="valid TOML") from problem


def _from_environment() -> dict[str, Any]:
    ours = {f"VOLVER_{each.name.upper()}": each.name for each in fields(Settings)}
    return {ours[key]: value for key, value in os.environ.items() if key in ours}


def _fitting(where: str, name: str, value: Any, wanted: type) -> Any:
    mistaken = isinstance(value, bool) or (wanted is str and not isinstance(value, str))
    if mistaken or (wanted is int and isinstance(value, float) and not value.is_integer()):
        raise BadSetting(where=where, name=name, wanted=f"of type {wanted.__name__}")
    try:
        return wanted(value)
    except (TypeError, ValueError, OverflowError) as problem:
        raise BadSetting(where=where, name=name, wanted=f"of type {wanted.__name__}") from problem


def _check(settings: Settings, origins: Mapping[str, str]) -> None:
    from volver.core.days import zone_named

    zone_named(settings.timezone)

    def demand(name: str, holds: bool, wanted: str) -> None:
        if not holds:
            raise BadSetting(where=origins.get(name, "default"), name=name, wanted=wanted)

    demand("lang", settings.lang in ("en", "es"), "en or es")
    demand("currency", len(settings.currency) == 3 and settings.currency.isupper(), "a code such as EUR")
    for name in (
        "margin_rate",
        "big_spender_quantile",
        "high_aov_quantile",
        "loyal_orders_quantile",
        "vip_value_quantile",
        "discount_share",
        "discount_rate_yearly",
    ):
        demand(name, 0 <= getattr(settings, name) <= 1, "between 0 and 1")
    demand("memory_limit_mb", settings.memory_limit_mb >= 128, "at least 128")
    demand("threads", settings.threads >= 1, "at least 1")
    demand("sleeping_gaps", settings.sleeping_gaps > settings.slipping_gaps > 0, "more than slipping_gaps")
    demand("lost_gaps", settings.lost_gaps > settings.sleeping_gaps, "more than sleeping_gaps")
