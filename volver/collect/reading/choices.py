"""Questions that a file leaves open as choices: what a person can answer, and the option that each answer sets.

An error that stands in `Sources.asks`, or that refuses a file a person could explain, is `Answerable`: it lists its
`choices` from its facts. The command line asks them on a terminal, the console shows them as buttons, the API and
`--json` list them. A new question needs nothing else:

    class AmbiguousTax(Answerable, VolverError):
        code = "collect.ambiguous_tax"
        …
        @property
        def choices(self) -> tuple[Choice, ...]:
            return (Choice(label=Words("The prices hold tax: {net}", {"net": self.facts["with_tax"]}),
                           sets={"taxed": True}), …)
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from volver.core import VolverError, Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One answer to a question: its `label`, and the fields of `ReadOptions` that it `sets`.

    A label is a short sentence with what follows from the choice (a date as it would be read, the money of a reading).
    `sets` holds values of `ReadOptions` by field, such as `{"day_first": True}` or `{"mapping": {"total": "Importe"}}`;
    a `mapping` adds to what was said before.
    """

    label: Words
    sets: Mapping[str, Any] = field(default_factory=dict)


class Answerable:
    """What an error adds that a person can answer. Stands before `VolverError` among the parents."""

    facts: dict[str, Any]

    @property
    def choices(self) -> tuple[Choice, ...]:
        """The answers there are, the likeliest first; none if only a mapping of columns helps."""
        return ()


def choices_of(problem: VolverError) -> tuple[Choice, ...]:
    """The answers to a question or a refusal; none where there is nothing to choose."""
    return problem.choices if isinstance(problem, Answerable) else ()
