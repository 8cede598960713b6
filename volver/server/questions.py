"""What programs may ask: one table of questions, from which both the API and its description are made.

Each question names its path, its parameters and the function that answers it with the same JSON as the command line.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final, Literal

from volver import predict
from volver.core import VolverError
from volver.store import Jobs, Shop
from volver.ui import Speech

Kind = Literal["text", "count", "day", "choice"]
_LONGEST: Final = 64


class UnknownParameter(VolverError):
    """A parameter that a question does not have."""

    code = "server.unknown_parameter"
    says = "This address has no such parameter."
    hint = "It takes: {known}."


class BadParameter(VolverError):
    """A parameter that cannot be read."""

    code = "server.bad_parameter"
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
        """The value of what was sent. Raises `server.bad_parameter`."""
        try:
            if self.kind == "count" and given.isdecimal() and int(given) <= self.most:
                return int(given)
            if self.kind == "day":
                return date.fromisoformat(given)
        except ValueError:
            pass
        if (self.kind == "text" and 0 < len(given) <= _LONGEST) or given in self.choices:
            return given
        raise BadParameter(name=self.name, wanted=self.wanted)


Answering = Callable[..., Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question: GET or POST, where, with what, and who answers. `is_long` work is done one piece at a time."""

    path: str
    says: str
    answer: Answering
    method: str = "GET"
    parameters: tuple[Parameter, ...] = ()
    is_long: bool = False

    @property
    def name(self) -> str:
        """A name for programs: predict_value, jobs_one."""
        words = [word for word in self.path.split("/") if word and not word.startswith("{")]
        if self.path.endswith("}"):
            words.append("one")
        return "_".join(words).replace("-", "_")

    def read(self, sent: list[tuple[str, str]], in_path: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters by name. Raises `server.unknown_parameter`, `server.bad_parameter`."""
        known = {each.name: each for each in self.parameters}
        given = sent + [(name, str(value)) for name, value in in_path.items()]
        if any(name not in known for name, _ in given):
            raise UnknownParameter(known=", ".join(known) or "none")
        return {name: known[name].read(value) for name, value in given}


def _choice(name: str, says: str, *choices: str) -> Parameter:
    return Parameter(name=name, kind="choice", says=says, choices=choices)


_HORIZON: Final = Parameter(name="horizon", kind="text", says="How far ahead: 365d, 52 weeks, 12 months or a date.")
_MODEL: Final = _choice(
    "model",
    "The law of coming back.",
    "auto",
    "Pareto/NBD",
    "MBG/NBD",
    "BG/NBD",
    "MBG/CNBD-2",
    "MBG/CNBD-3",
    "MBG/CNBD-4",
)
_FIRST: Final = ("channel", "campaign", "first-product", "first-category")
_TOP: Final = Parameter(name="top", kind="count", says="How many of the most valuable customers to list.")


def _value(shop: Shop, *, top: int = 0, **asked: Any) -> Any:
    return predict.value(shop, **asked).to_dict(top)


def _value_of_one(shop: Shop, *, id: int, lang: str = "en", **asked: Any) -> Any:  # noqa: A002  the name in the path
    spoken = Speech(lang=lang, currency=shop.settings.currency, zone=shop.settings.timezone)
    return predict.value_of_customer(shop, id, **asked).to_dict(spoken.words)


def _drift(shop: Shop) -> Any:
    found = predict.drift(shop)
    return found.to_dict() if found else {"alarm": False, "says": "Too early to say: wait for two whole weeks."}


def _publish(shop: Shop, *, id: int) -> Any:  # noqa: A002  the name in the path
    return predict.republish(shop, id).to_dict()


def _jobs(shop: Shop, *, status: str | None = None, most: int = 50) -> Any:
    table = Jobs(shop.state)
    return {"jobs": [each.to_dict() for each in table.listed(status, most)], "counts": asdict(table.counts())}


QUESTIONS: Final = (
    Question(
        path="/jobs",
        says="Work that runs, failed, waits or lately ended, with its progress.",
        parameters=(
            _choice("status", "Only of this status.", "running", "failed", "waiting", "done", "cancelled"),
            Parameter(name="most", kind="count", says="How many of each status at most."),
        ),
        answer=_jobs,
    ),
    Question(
        path="/jobs/{id}",
        says="One piece of work: how far it is, or what came of it.",
        parameters=(Parameter(name="id", kind="count", says="Its id.", most=2**63 - 1, in_path=True),),
        answer=lambda shop, id: Jobs(shop.state).get(id).to_dict(),  # noqa: A006  the name in the path
    ),
    Question(
        path="/predict/value",
        says="What the customers will be worth within a horizon, with a 90 % interval.",
        parameters=(_HORIZON, _TOP),
        answer=_value,
    ),
    Question(
        path="/predict/customers/{id}/value",
        says="What one customer will be worth within a horizon, with a 90 % interval and the reasons in words.",
        parameters=(
            Parameter(name="id", kind="count", says="The customer's id.", most=2**63 - 1, in_path=True),
            _HORIZON,
            _choice("lang", "Language of the reasons.", "en", "es"),
        ),
        answer=_value_of_one,
    ),
    Question(
        path="/predict/check",
        says="Choose and fit on what was known at one day, compare with what came until another. Changes nothing.",
        parameters=(
            Parameter(
                name="calibrate_until", kind="day", says="Learn until this day; by default a quarter is held out."
            ),
            Parameter(name="holdout_until", kind="day", says="Compare until this day; by default the last order's."),
            _MODEL,
        ),
        answer=lambda shop, **asked: predict.check(shop, **asked).to_dict(),
        is_long=True,
    ),
    Question(
        path="/predict/levers",
        says="Which lever is worth most: retention, order value, frequency, new customers, the discount rate.",
        parameters=(_HORIZON,),
        answer=lambda shop, **asked: predict.levers(shop, **asked).to_dict(),
    ),
    Question(
        path="/predict/spend-ceiling",
        says="What winning a customer may cost, and whether what is spent comes back.",
        parameters=(_choice("by", "What parts new customers and costs.", *_FIRST), _HORIZON),
        answer=lambda shop, **asked: predict.spend_ceiling(shop, **asked).to_dict(),
    ),
    Question(
        path="/predict/newcomers",
        says="What the next new customer of each group will bring.",
        parameters=(_choice("by", "What parts new customers.", *_FIRST, "basket", "price", "discount"), _HORIZON),
        answer=lambda shop, **asked: predict.newcomers(shop, **asked).to_dict(),
    ),
    Question(
        path="/predict/benchmark",
        says="What each segment, cohort, channel, campaign or stage will bring.",
        parameters=(_choice("by", "What to compare.", "segment", "cohort", "channel", "campaign", "stage"), _HORIZON),
        answer=lambda shop, **asked: predict.benchmark(shop, **asked).to_dict(),
    ),
    Question(
        path="/predict/models",
        says="Every model that was fitted, newest first, with where it came from and how it did.",
        answer=lambda shop: {"models": [each.to_dict() for each in predict.shelf(shop)]},
    ),
    Question(
        path="/predict/drift",
        says="Whether what came since the fit is still within what was foreseen.",
        answer=_drift,
    ),
    Question(
        path="/predict/fit",
        method="POST",
        says="Learn from the shop's orders, check against its own past, publish a score for every customer.",
        parameters=(Parameter(name="at", kind="day", says="Learn as of the end of this day."), _HORIZON, _MODEL),
        answer=lambda shop, **asked: predict.fit(shop, **asked).to_dict(),
        is_long=True,
    ),
    Question(
        path="/predict/models/{id}/publish",
        method="POST",
        says="Publish an older model again: its parameters, asked about the customers as known today.",
        parameters=(Parameter(name="id", kind="count", says="The model's id.", most=2**31, in_path=True),),
        answer=_publish,
        is_long=True,
    ),
)
