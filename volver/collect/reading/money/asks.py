"""The question that a file's money leaves open: two readings, and what each would bring."""

from collections.abc import Sequence

from volver.collect.reading.choices import Answerable, Choice
from volver.core import VolverError, Words

# What a person may answer with `--money`, in pairs of which one holds; the last one stands alone.
ANSWERS = (
    *("per-piece", "per-line"),
    *("price-counts", "total-counts"),
    *("before-discount", "after-discount"),
    *("discount-in-money", "discount-as-share"),
    *("discount-per-line", "discount-per-order"),
    *("refund-per-line", "refund-per-order"),
    *("total-per-line", "total-per-order"),
    *("cents", "units"),
    "tax-as-it-stands",
)


class AmbiguousMoney(Answerable, VolverError):
    """A file's money can be read in two ways that differ, and nothing in the file decides."""

    code = "collect.ambiguous_money"
    says = "{column} can be read in two ways: {one} gives {one_money}, {other} gives {other_money}."
    hint = "Say which: `--money {one_answer}` or `--money {other_answer}`."

    @property
    def choices(self) -> tuple[Choice, ...]:
        """The two readings with what each brings."""
        return tuple(
            Choice(
                label=Words("{reading}: {money}", {"reading": self.facts[each], "money": self.facts[f"{each}_money"]}),
                sets={"money": (self.facts[f"{each}_answer"],)},
            )
            for each in ("one", "other")
        )


class UnknownAnswer(VolverError):
    """An answer about the money of files that does not exist."""

    code = "collect.unknown_answer"
    says = "{answer} says nothing about the money of a file."
    hint = "One of: {known}."


def check_answers(answers: Sequence[str]) -> None:
    """Raises `collect.unknown_answer` for an answer to no question."""
    for answer in answers:
        if answer not in ANSWERS:
            raise UnknownAnswer(answer=answer, known=", ".join(ANSWERS))
