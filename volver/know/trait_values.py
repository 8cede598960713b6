"""The one door to everything that is known or foreseen of customers: by declared name, with day, source and model.

Reads the derived tables of every room that declares traits. What is older than the shop's day says how old it is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from volver.core import E4, Answer, VolverError, Words, decimal_text
from volver.core.room import found
from volver.know.shop_day import Today, days_old, today
from volver.know.trait import Trait
from volver.store import Shop, Stamp, stamp

Value = float | str | date


class UnknownTrait(VolverError):
    """No room declares a trait of this name."""

    code = "know.unknown_trait"
    says = "There is no trait called {trait}."
    hint = "`volver know traits` lists them."


@dataclass(frozen=True, slots=True, kw_only=True)
class TraitValue:
    """A value of a customer with where it came from. `age` says how old it is; None: it is of the shop's day."""

    name: str
    value: Value
    unit: str
    label: Words
    as_of: date | None
    source: str
    model: str
    age: Words | None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        told = {name: getattr(self, name) for name in ("name", "source", "model")}
        told |= {"value": _spoken(self.value, self.unit), "unit": self.unit.removesuffix("_e4")}
        told["model"] = self.model or None
        as_of = self.as_of.isoformat() if self.as_of else None
        return told | {"as_of": as_of, "age": str(self.age) if self.age else None, "label": str(self.label)}


@dataclass(frozen=True, slots=True, kw_only=True)
class TraitState:
    """A declared trait and how fresh the shop's values of it are; `as_of` is None where there are none yet."""

    trait: Trait
    as_of: date | None
    model: str
    age: Words | None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        told = {name: getattr(self.trait, name) for name in ("name", "kind", "source", "per")}
        told |= {
            "unit": self.trait.unit.removesuffix("_e4"),
            "label": str(self.trait.label),
            "model": self.model or None,
        }
        as_of = self.as_of.isoformat() if self.as_of else None
        return told | {"as_of": as_of, "age": str(self.age) if self.age else None}


def _spoken(value: Value, unit: str) -> str | float:
    """A value for JSON: days as text, money as an exact decimal, counts as whole numbers."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return value
    if unit == "money_e4":
        return decimal_text(round(value))
    found = value / E4 if unit.endswith("_e4") else value
    return int(found) if float(found).is_integer() and unit not in ("share", "chance") else found


def traits(shop: Shop, customer: int, declared: Sequence[Trait]) -> tuple[TraitValue, ...]:
    """Everything known of one customer; a trait without a value is left out. Values per product stand side by side."""
    now, told = today(shop), list[TraitValue]()
    for table, own in _by_table(declared).items():
        fresh = stamp(shop, table)
        columns = ", ".join({each.column: "" for each in own} | {each.per: "" for each in own if each.per})
        asked = f"select {columns} from {table} where customer_id = $customer"
        for row in shop.compute.relation(asked, {"customer": customer}).to_pylist():
            told += [_value(shop, each, row, fresh, now) for each in own if row[each.column] is not None]
    return tuple(sorted(told, key=lambda each: each.name))


def trait_states(shop: Shop, declared: Sequence[Trait]) -> tuple[TraitState, ...]:
    """The declared traits by name, each with its freshness."""
    now, told = today(shop), list[TraitState]()
    for table, own in _by_table(declared).items():
        fresh = stamp(shop, table)
        for each in own:
            model = _model(shop, each, fresh)
            told.append(TraitState(trait=each, as_of=_day(fresh), model=model, age=aged(each.source, fresh, now)))
    return tuple(sorted(told, key=lambda each: each.trait.name))


def trait_table(shop: Shop, name: str, declared: Sequence[Trait]) -> Answer:
    """A trait of every customer who has it. Raises `know.unknown_trait`.

    Columns: customer_id, name, number (DOUBLE) or text (VARCHAR; days as 2026-03-01), as_of, source, model.
    """
    key, _, of = name.partition(":")
    trait = next((each for each in declared if each.name == key and (of == "" or each.per)), None)
    if trait is None:
        raise UnknownTrait(trait=name)
    fresh = stamp(shop, trait.table)
    number = f"cast({trait.column} as double)" if trait.kind == "number" else "cast(null as double)"
    text = "cast(null as varchar)" if trait.kind == "number" else f"cast({trait.column} as varchar)"
    named = f"$key || ':' || cast({trait.per} as varchar)" if trait.per else "$key"
    only = f" and cast({trait.per} as varchar) = $of" if of else ""
    asked = f"""
        select customer_id, {named} as name, {number} as number, {text} as text, cast($as_of as date) as as_of,
               $source as source, $model as model
        from {trait.table} where customer_id is not null and {trait.column} is not null{only}
        order by customer_id, name"""
    params = {"key": key, "as_of": _day(fresh), "source": trait.source, "model": _model(shop, trait, fresh)}
    return Answer(shop.compute.relation(asked, params | ({"of": of} if of else {})))


def aged(source: str, fresh: Stamp | None, now: Today) -> Words | None:
    """How old values are, in words; None where they are of the shop's day, or there are none."""
    if fresh is None or fresh.day is None or now.day is None:
        return None
    days = days_old(fresh.day, now.day)
    if not days:
        return None
    text = "forecast of {n} days ago" if source == "predicted" else "figure of {n} days ago"
    return Words(text, {"n": days})


def table_age(shop: Shop, table: str, source: str = "predicted") -> Words | None:
    """How old a derived table is, in words; None where it is of the shop's day."""
    return aged(source, stamp(shop, table), today(shop))


def _value(shop: Shop, trait: Trait, row: dict[str, Any], fresh: Stamp | None, now: Today) -> TraitValue:
    value = row[trait.column]
    return TraitValue(
        name=f"{trait.name}:{row[trait.per]}" if trait.per else trait.name,
        value=float(value) if trait.kind == "number" else value,
        unit=trait.unit,
        label=trait.label,
        as_of=_day(fresh),
        source=trait.source,
        model=_model(shop, trait, fresh),
        age=aged(trait.source, fresh, now),
    )


def _model(shop: Shop, trait: Trait, fresh: Stamp | None) -> str:
    if trait.model_of and fresh and fresh.model:
        return str(found(trait.model_of)(shop, fresh.model))
    return trait.model


def _day(fresh: Stamp | None) -> date | None:
    return fresh.day if fresh else None


def _by_table(declared: Iterable[Trait]) -> dict[str, list[Trait]]:
    told: dict[str, list[Trait]] = {}
    for each in declared:
        told.setdefault(each.table, []).append(each)
    return told
