"""A question of the API: its address, what it takes, what it answers, and who may ask.

A room lists its questions as a tuple; the server makes the addresses and the description for programs from it. What a
question answers is a msgspec Struct, so that the description states its shape and an answer that differs is a fault.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

import msgspec

from volver.core.errors import VolverError
from volver.core.room import FORM_BYTES

Kind = Literal["text", "count", "day", "choice"]
_LONGEST: Final = 64
_FIRST, _LAST = date(1900, 1, 1), date(2199, 12, 31)  # what lies outside is a slip, and can be reckoned with nowhere
Answering = Callable[..., Any]


class Reply(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The parent of what a question answers, and of what stands inside it: exactly its fields, none left out."""


class UnknownParameter(VolverError):
    """A parameter that a question does not have."""

    code = "core.unknown_parameter"
    says = "This address has no such parameter."
    hint = "It takes: {known}."


class BadParameter(VolverError):
    """A parameter that cannot be read."""

    code = "core.bad_parameter"
    says = "The parameter {name} cannot be read."
    hint = "Give {wanted}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter: in the query string, or in the path where `in_path`. `most` bounds a count."""

    name: str
    kind: Kind
    says: str
    choices: tuple[str, ...] = ()
    most: int = 1000
    in_path: bool = False

    @property
    def wanted(self) -> str:
        """What to give, in words."""
        return {
            "text": f"up to {_LONGEST} characters",
            "count": f"a whole number from 0 to {self.most}",
            "day": "a day such as 2025-12-31",
            "choice": "one of " + ", ".join(self.choices),
        }[self.kind]

    def read(self, given: str) -> Any:
        """The value of what was sent. Raises `core.bad_parameter`."""
        try:
            if self.kind == "count" and given.isdecimal() and int(given) <= self.most:
                return int(given)
            if self.kind == "day":
                day = date.fromisoformat(given)
                if _FIRST <= day <= _LAST:
                    return day
        except ValueError:
            pass
        if (self.kind == "text" and 0 < len(given) <= _LONGEST) or given in self.choices:
            return given
        raise BadParameter(name=self.name, wanted=self.wanted)

    def schema(self) -> dict[str, Any]:
        """The parameter's type as JSON Schema."""
        schemas: dict[str, dict[str, Any]] = {
            "text": {"type": "string", "maxLength": _LONGEST},
            "count": {"type": "integer", "minimum": 0, "maximum": self.most},
            "day": {"type": "string", "format": "date"},
            "choice": {"type": "string", "enum": list(self.choices)},
        }
        return schemas[self.kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """`answer(shop, **parameters)` gives what fits `replies`, a Struct.

    A JSON body of the type `takes` comes as `body`; where `takes_file` the body is a file, streamed to disk, and comes
    as `file`, a path that is gone afterwards. Where `speaks`, the parameter `lang` comes as `say`, a function from
    `Words` to text. Where `gives` names a media type, the answer is a file of it: it is written to the path `target`,
    in the language's `marks`. `is_long` work is done one piece at a time and may be refused because other work goes on.
    """

    path: str
    says: str
    answer: Answering
    replies: type
    method: str = "GET"
    right: str = "read"
    parameters: tuple[Parameter, ...] = ()
    takes: type | None = None
    takes_file: bool = False
    largest_bytes: int = FORM_BYTES
    speaks: bool = False
    gives: str = ""
    is_long: bool = False

    @property
    def name(self) -> str:
        """A name for programs: predict_value."""
        words = [word for word in self.path.split("/") if word and not word.startswith("{")]
        told = "_".join(words).replace("-", "_").replace(".", "_")
        return f"{told}_one" if self.path.endswith("}") else told

    def read(self, sent: list[tuple[str, str]], in_path: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters by name. Raises `core.unknown_parameter`, `core.bad_parameter`."""
        known = {each.name: each for each in self.all_parameters}
        given = sent + [(name, str(value)) for name, value in in_path.items()]
        if any(name not in known for name, _ in given):
            raise UnknownParameter(known=", ".join(known) or "none")
        return {name: known[name].read(value) for name, value in given}

    @property
    def all_parameters(self) -> tuple[Parameter, ...]:
        """The parameters, with the language where the answer speaks."""
        return (*self.parameters, LANG) if self.speaks else self.parameters


LANG: Final = Parameter(name="lang", kind="choice", says="Language of the words (default: en).", choices=("en", "es"))
