"""Why one customer's value is what it is: an exact product of factors, and short sentences for those that matter.

Pure numerics over what is foreseen of one customer and the means of the shop. The sentences are English `Words`; the
numbers inside say by the ending of their names whether they are money, shares or days.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Final

import numpy as np

from volver.core import E4, Words
from volver.predict.laws.spend_mixed import MixedSpend
from volver.predict.value.forecast import Foreseen
from volver.predict.value.reference import Usual, flat_orders
from volver.predict.when.gaps import usual_gap

_SAID: Final = 0.05  # a factor nearer to 1 than this, in logs, is not worth a sentence
_MOST: Final = 6  # sentences
_LATE: Final = 1.5  # average gaps of silence that are nothing unusual
_LIKELY: Final = 0.5
_SURE: Final = 0.9  # of the class: then what is usual in it is what spend is drawn towards
_FEW: Final = 0.2  # a second class of at most this share of the customers is called few
_FAR_MORE: Final = 2.0  # and its usual spend far more from this many times the other's on
_WHOLE_FROM: Final = 10.0
_TINY: Final = 1e-300
_ALWAYS: Final = "history", "alive", "return"
# What tells customers apart, by the columns of `correction.correction_columns`.
_DRIVERS: Final = {
    (9, 10, 11, 12): Words("what was ordered of late"),
    (5, 6, 7): Words("how long the silence is"),
    (1, 2, 8): Words("what was spent"),
    (0, 3): Words("how often they ordered"),
    (4,): Words("for how long they are known"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A sentence, and what it multiplies the value by; `factor` is None where it only says what is known."""

    key: str
    factor: float | None
    words: Words

    def __str__(self) -> str:
        return plain(self.words)


@dataclass(frozen=True)
class Explained:
    """What is foreseen of the one customer of `seen`, taken apart; `p_buy` is the chance of an order within the days.

    `base` times all `factors` is the value, exactly. `base` is the mean customer's value by the laws alone: season and
    level, which are for everyone, are factors too.
    """

    seen: Foreseen
    usual: Usual
    p_buy: float

    @property
    def base(self) -> float:
        """Value of the mean customer, before season and level."""
        return self.usual.kept * self.usual.spend

    @cached_property
    def factors(self) -> dict[str, float]:
        """What makes the mean customer's value this one's."""
        seen, usual, alive = self.seen, self.usual, self.p_alive
        flat, spend = self._flat[1], self._spend
        ahead = float(seen.law[1][0]) / max(spend, _TINY)
        if self._came_once:
            found = {"return": flat / max(usual.kept, _TINY)}
        else:
            while_alive = usual.kept / max(usual.p_alive, _TINY)
            found = {"alive": alive / max(usual.p_alive, _TINY)}
            found["frequency"] = flat / alive / max(while_alive, _TINY) if alive > 0 else 1.0
        found |= {
            "spend": self._bought / max(self._among, _TINY),
            "season": ahead / flat if flat > 0 else 1.0,
            "level": seen.learned.level.money,
            "correction": float(seen.factors[1][0]) * seen.kept[1],
        }
        if self._is_few:
            found["wholesale"] = self._among / max(usual.spend, _TINY)
        if self._is_returning:
            found["returns"] = spend / max(self._bought, _TINY)
        return found

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """At most six sentences: what is known, then whatever moves the value most."""
        said = [Reason(key=key, factor=self.factors.get(key), words=words) for key, words in self._sentences()]
        known = [each for each in said if each.factor is None]
        moving = [each for each in said if each.key in _ALWAYS or _size(each.factor) >= _SAID]
        moving = sorted((each for each in moving if each.factor is not None), key=lambda each: -_size(each.factor))
        if all(each.key in _ALWAYS for each in moving):
            alike = Words("In everything else about like the mean customer of this shop.")
            moving.append(Reason(key="alike", factor=None, words=alike))
        return (*known, *moving[: _MOST - len(known)])

    @cached_property
    def p_alive(self) -> float:
        """Chance of still being a customer."""
        learned = self.seen.learned
        return float(learned.buying.p_alive(learned.known(self.seen.buyers))[0])

    # ---- sentences

    def _sentences(self) -> Iterator[tuple[str, Words]]:
        yield "history", self._history()
        if self._came_once:
            yield "return", self._return()
        else:
            yield "alive", self._alive()
            yield "frequency", self._frequency()
        yield "spend", self._spending()
        if self._is_few:
            yield "wholesale", self._few()
        if self._is_returning:
            yield "returns", self._returns()
        span, factors = span_words(self.seen.days), self.factors
        text = "Because of the season, more is bought within {span} than usual."
        if factors["season"] < 1.0:
            text = "Because of the season, less is bought within {span} than usual."
        yield "season", Words(text, {"span": span})
        text = "Past totals of this shop were foreseen too low: corrected for everyone."
        if factors["level"] < 1.0:
            text = "Past totals of this shop were foreseen too high: corrected for everyone."
        yield "level", Words(text)
        if self.seen.learned.correction is not None:
            yield "correction", self._correction()

    def _history(self) -> Words:
        known = self.seen.buyers
        x, t_x, age = (float(column[0]) for column in (known.x, known.t_x, known.age))
        last = _day(known.first_day[0]) + timedelta(days=int(t_x))
        if x == 0:
            return Words("Ordered on a single day: {last_day}.", {"last_day": last})
        if x == 1:
            facts = {"apart": length(t_x), "last_day": last}
            return Words("Ordered on two days, {apart} apart, the second time on {last_day}.", facts)
        text = (
            "Ordered on {times} days within {span}, the last one on {last_day}; long waits included, on average "
            "{usual}."
        )
        usually = usual_gap(t_x / x)
        return Words(text, {"times": round(x) + 1, "span": length(age + 1.0), "last_day": last, "usual": usually})

    def _alive(self) -> Words:
        known = self.seen.buyers
        x, gap = float(known.x[0]), float(known.t_x[0]) / max(float(known.x[0]), 1.0)
        silence = float(known.age[0] - known.t_x[0])
        silent = silence / max(gap, 1.0)
        facts: dict[str, Any] = {"p_alive": self.p_alive, "p_mean": self.usual.p_alive}
        if silence < 1.0:
            text = "Ordered just now: still a customer with a chance of {p_alive} ({p_mean} on average here)."
            return Words(text, facts)
        if x == 1:
            facts["silence"] = length(silence)
            text = "Silent for {silence}: still a customer with a chance of {p_alive} ({p_mean} on average here)."
            if self.p_alive < _LIKELY:
                text = (
                    "Probably gone, silent for {silence}: still a customer with a chance of {p_alive} ({p_mean} on "
                    "average here)."
                )
            return Words(text, facts)
        if silent <= _LATE:
            text = (
                "The wait since the last order is nothing unusual: still a customer with a chance of {p_alive} "
                "({p_mean} on average here)."
            )
            return Words(text, facts)
        facts["times"] = round(silent) if silent >= _WHOLE_FROM else round(silent, 1)
        text = (
            "Silent for {times} times the average gap: still a customer with a chance of {p_alive} ({p_mean} on "
            "average here)."
        )
        if self.p_alive < _LIKELY:
            text = (
                "Probably gone, silent for {times} times the average gap: still a customer with a chance of {p_alive} "
                "({p_mean} on average here)."
            )
        return Words(text, facts)

    def _return(self) -> Words:
        many, all_ = round(100.0 * self.p_buy), round(100.0 * self.usual.p_buy)
        facts: dict[str, Any] = {"span": span_words(self.seen.days), "all": all_}
        if many < 1:
            text = "Of 100 such customers fewer than one buys again within {span}; of 100 of all customers here, {all}."
            return Words(text, facts)
        if many > 99:
            text = "Nearly all such customers buy again within {span}; of 100 of all customers here, {all}."
            return Words(text, facts)
        text = "Of 100 such customers about {n} buy again within {span}; of 100 of all customers here, {all}."
        if many >= all_ and self.factors["return"] <= float(np.exp(-_SAID)):
            text = (
                "Of 100 such customers about {n} buy again within {span}, of 100 of all customers here {all}; but "
                "those of them who do order less often."
            )
        return Words(text, facts | {"n": many})

    def _frequency(self) -> Words:
        usual = self.usual
        own, mean = self._flat[0] / max(self.p_alive, _TINY), usual.plain / max(usual.p_alive, _TINY)
        text = "Orders expected in {span} if still a customer: {often}; of the mean customer here: {mean}."
        return Words(text, {"span": span_words(self.seen.days), "often": _rounded(own), "mean": _rounded(mean)})

    def _spending(self) -> Words:
        known = self.seen.buyers
        spend_e4, n = round(self._bought * E4), int(known.spend_days[0])
        facts: dict[str, Any] = {"spend_e4": spend_e4, "mean_e4": round(self._among * E4)}
        if not n:
            text = "No order with money in it so far: {spend_e4} an order is expected ({mean_e4} on average here)."
            return Words(text, facts)
        own, weight = self._own, self._weighed[0]
        facts |= {"n": n, "own_e4": round(own * E4), "believed_share": weight}
        text = (
            "{own_e4} an order so far; after {n} orders that counts for {believed_share}, so {spend_e4} is expected "
            "({mean_e4} on average here)."
        )
        if self._is_returning:
            text = (
                "{own_e4} an order before returns; after {n} orders that counts for {believed_share}, so {spend_e4} is "
                "expected ({mean_e4} on average here)."
            )
        if self._is_few:
            text = (
                "{own_e4} an order so far; after {n} orders that counts for {believed_share}, so {spend_e4} is "
                "expected ({mean_e4} on average among the few who spend far more)."
            )
        return Words(text, facts)

    def _few(self) -> Words:
        text = (
            "One of the few who spend far more an order (chance {p_few}): {among_e4} on average among them, "
            "{mean_e4} among all."
        )
        facts = {"p_few": self._p_few, "among_e4": round(self._among * E4), "mean_e4": round(self.usual.spend * E4)}
        return Words(text, facts)

    def _returns(self) -> Words:
        if self._returned >= 1.0:
            return Words("Everything that was bought came back.")
        return Words("{returned_share} of what was bought came back.", {"returned_share": self._returned})

    def _correction(self) -> Words:
        factor, seen = self.factors["correction"], self.seen
        correction, columns = seen.learned.correction, seen.columns
        up = factor >= 1.0
        if correction is None or factor <= 0:
            return Words("")
        own = float(np.log(correction.money(columns)[0]))
        effects = {}
        for group in _DRIVERS:
            usual = columns.copy()
            usual[:, group] = correction.money.mean[list(group)]
            effects[group] = (own - float(np.log(correction.money(usual)[0]))) * (1.0 if up else -1.0)
        most = max(effects, key=lambda group: effects[group])
        if effects[most] < 0.5 * abs(np.log(factor)):
            text = "Past forecasts were too low for customers like this one."
            return Words(text if up else "Past forecasts were too high for customers like this one.")
        text = "Past forecasts were too low for customers like this one; what tells them apart is {driver}."
        if not up:
            text = "Past forecasts were too high for customers like this one; what tells them apart is {driver}."
        return Words(text, {"driver": _DRIVERS[most]})

    # ---- numbers

    @property
    def _came_once(self) -> bool:
        return bool(self.seen.buyers.x[0] == 0)

    @cached_property
    def _flat(self) -> tuple[float, float]:
        """Orders and discounted orders by the law alone."""
        plain, kept = flat_orders(self.seen)
        return float(plain[0]), float(kept[0])

    @cached_property
    def _spend(self) -> float:
        known = self.seen.buyers
        return float(self.seen.learned.spend.predict(known.spend_days, known.mean_spend)[0])

    @cached_property
    def _returned(self) -> float:
        """Share of what was bought that came back, at most 1."""
        gross, net = float(self.seen.buyers.gross[0]), float(self.seen.buyers.net[0])
        return min(max(1.0 - net / gross, 0.0), 1.0) if gross > 0 else 0.0

    @cached_property
    def _gross(self) -> float:
        """What an order day with money in it brought, before returns."""
        known = self.seen.buyers
        return float(known.gross[0]) / max(float(known.spend_days[0]), 1.0)

    @cached_property
    def _is_returning(self) -> bool:
        """Whether what came back changes what is expected enough to be told."""
        if not self._returned or not self.seen.buyers.spend_days[0]:
            return False
        return _size(self._spend / max(self._predicted(self._gross), _TINY)) >= _SAID

    @cached_property
    def _own(self) -> float:
        """The mean per order that spend is judged by: before returns where these are told apart."""
        return self._gross if self._is_returning else float(self.seen.buyers.mean_spend[0])

    @cached_property
    def _bought(self) -> float:
        return self._predicted(self._own)

    @cached_property
    def _weighed(self) -> tuple[float, float]:
        found = self.seen.learned.spend.weighed(self.seen.buyers.spend_days, np.array([self._own]))
        return float(found[0][0]), float(found[1][0])

    @cached_property
    def _p_few(self) -> float:
        spend = self.seen.learned.spend
        if not isinstance(spend, MixedSpend) or spend.n_classes_ == 1:
            return 0.0
        usual = spend.vs_ / (spend.qs_ - 1.0)
        if spend.share_ > _FEW or usual[1] < _FAR_MORE * usual[0]:
            return 0.0
        return float(spend.p_second(self.seen.buyers.spend_days, np.array([self._own]))[0])

    @property
    def _is_few(self) -> bool:
        return self._p_few >= _SURE

    @property
    def _among(self) -> float:
        """What is usual among those whom this customer's spend is compared with."""
        return self._weighed[1] if self._is_few else self.usual.spend

    def _predicted(self, mean: float) -> float:
        return float(self.seen.learned.spend.predict(self.seen.buyers.spend_days, np.array([mean]))[0])


def plain(words: Words) -> str:
    """The sentence in English with plain numbers; the console's `Speech` says it in the reader's language.

    >>> plain(Words("{own_e4} an order, {believed_share} of it", {"own_e4": 215000, "believed_share": 0.7}))
    '21.50 an order, 70 % of it'
    """
    return words.text.format(**{name: _plainly(name, value) for name, value in words.params.items()})


def _plainly(name: str, value: Any) -> Any:
    if isinstance(value, Words):
        return plain(value)
    if name.endswith("_e4"):
        return f"{value / E4:.2f}"
    return f"{100 * value:.0f} %" if name.endswith("share") or name.startswith("p_") else value


def length(days: float) -> Words:
    """A length of time as people say it: days below two weeks, weeks below ten, months below three years.

    >>> [str(length(days)) for days in (5, 40, 400, 2000)]
    ['5 days', '6 weeks', '13 months', '5 years']
    """
    if days < 14:
        return Words("{n} days", {"n": max(round(days), 1)})
    if days < 70:
        return Words("{n} weeks", {"n": round(days / 7)})
    if days < 1096:
        return Words("{n} months", {"n": round(days / 30.4375)})
    return Words("{n} years", {"n": round(days / 365.25)})


def span_words(days: float) -> Words:
    """A horizon in words: a year as 12 months, whole years as such, all else in days.

    >>> [str(span_words(days)) for days in (30, 365, 366, 1826)]
    ['30 days', '12 months', '12 months', '5 years']
    """
    years = round(days / 365.25)
    if years < 1 or abs(days - 365.25 * years) > 1.0:
        return Words("{n} days", {"n": round(days) if days >= 1 else days})
    return Words("{n} months", {"n": 12}) if years == 1 else Words("{n} years", {"n": years})


def _size(factor: float | None) -> float:
    """How far a factor is from 1, in logs."""
    return 0.0 if factor is None else abs(float(np.log(max(factor, _TINY))))


def _rounded(orders: float) -> float:
    """Orders as they are said: whole from ten on."""
    return round(orders) if orders >= _WHOLE_FROM else round(orders, 1 if orders >= 1 else 2)


def _day(day: Any) -> date:
    found: date = day.astype("datetime64[D]").astype(object)
    return found
