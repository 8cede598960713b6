"""One customer whole: four facts, the curve of coming back, everything that happened, segments with reasons."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from volver import know, predict
from volver.core import E4, Words
from volver.know import CustomerProfile
from volver.store import Shop
from volver.ui.know.next_step import next_step
from volver.ui.know.timeline import SHOWN, story
from volver.ui.know.vocabulary import CHIPS, PLURALS
from volver.ui.predict.rebuys_card import again
from volver.ui.predict.shelf import why_not, worth_of
from volver.ui.shared.asked import count_of
from volver.ui.shared.charts_people import Curve, Dot, curve
from volver.ui.shared.formatting import Speech
from volver.ui.shared.rendering import is_fragment, render_page, speech_of

_MOST: Final = 1_000
_DAILY: Final = 1.5
_CLOSE: Final = 0.01  # what is published may differ so much from what is known again, and still be explained
_PALE: Final = 0.2  # the size of an order too old for the story, whose value the page does not have
_PARTICLES: Final = frozenset({"de", "del", "la", "las", "los", "y", "da", "do", "dos"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Why the value is what it is: sentences, most with what they multiply it by; none where it is not known."""

    title: str
    says: str
    rows: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class CustomerPages:
    """The handler of `/customers/{id}`."""

    shop: Shop

    def show(self, request: Request) -> Response:
        """The page, or only its story when htmx filters it. Raises `know.no_such_customer`."""
        profile = know.customer(self.shop, int(request.path_params["id"]))
        shown = max(SHOWN, count_of(request.query_params.get("shown", ""), SHOWN, _MOST))
        told = story(profile, request.query_params.get("kind", ""), shown)
        if is_fragment(request):
            return render_page(request, self.shop, "customer_story.html", c=profile, story=told, chips=CHIPS)
        spoken, due = speech_of(request, self.shop), again(self.shop, profile)
        return render_page(
            request,
            self.shop,
            "customer.html",
            c=profile,
            who=profile.name or spoken.text("Customer {ref}", ref=profile.ref),
            called=called(profile.name),
            initials=initials(profile.name, self.shop.settings.lang),
            story=told,
            chips=CHIPS,
            group=spoken.words(PLURALS[profile.stage]),
            where=", ".join(part for part in (profile.city, profile.country) if part),
            chart=self._curve(profile, spoken),
            rhythm=_rhythm(profile),
            why=self._why(profile, spoken),
            again=due,
            step=next_step(profile, due),
        )

    def _why(self, profile: CustomerProfile, spoken: Speech) -> Why:
        """The reasons of the value that the page shows, or why there are none."""
        _, scores = spoken.text, profile.scores
        title = _("Why {value}?", value=spoken.money(scores.value_e4)) if scores else _("Why this value?")
        if worth_of(self.shop) is None:
            return Why(title=title, says=spoken.words(why_not(self.shop, self.shop.lake.snapshot("facts").rows)))
        try:
            found = predict.value_of_customer(self.shop, profile.customer_id, published_as=_published(profile))
        except (predict.NoModel, predict.TooLittleHistory) as missing:
            return Why(title=title, says=spoken.words(Words(missing.says, missing.facts)))
        if found.value is None or found.base is None:
            return Why(title=title, says=spoken.words(found.reasons[0].words))
        if scores is None or abs(found.value * E4 - scores.value_e4) > max(_CLOSE * scores.value_e4, E4):
            text = "What was known on {until_day} has changed since: run `volver predict fit` again."
            return Why(title=title, says=spoken.words(Words(text, {"until_day": found.at})))
        base = spoken.money(found.base * E4)
        says = _("Each × multiplies what the mean customer would bring, {base}; small ones are left out.", base=base)
        if profile.orders > found.reasons[0].words.params.get("times", profile.orders):
            says += " " + _("Orders of one day count as one.")
        return Why(
            title=title,
            says=says,
            rows=tuple(
                (spoken.words(each.words), "" if each.factor is None else spoken.factor(each.factor))
                for each in found.reasons
            ),
        )

    def _curve(self, profile: CustomerProfile, spoken: Speech) -> Markup | None:
        if worth_of(self.shop) is None:
            return None
        found = predict.alive_curve(self.shop, profile.customer_id, order_days=profile.order_days)
        if found is None:
            return None
        _, scores = spoken.text, profile.scores
        placed = [each for each in profile.history if each.is_order]
        most = max((each.gross_e4 for each in placed), default=1) or 1
        dots = [
            Dot(
                day=each.day,
                size=max(each.gross_e4, 0) / most,
                says=f"{spoken.day(each.day)} · {spoken.money(each.gross_e4, exact=True)} · {each.ref}",
            )
            for each in reversed(placed)
        ]
        told = {each.day for each in placed}
        dots += [Dot(day=day, size=_PALE, says=spoken.day(day)) for day in found.orders if day not in told]
        window = None
        if scores and scores.next_from_day and scores.next_to_day:
            window = (scores.next_from_day, scores.next_to_day)
        return curve(
            Curve(days=found.days, chances=found.p_alive, orders=dots, today=found.until, window=window),
            label=_("Chance of still being a customer, with orders as dots"),
            next_says=_("next order likely"),
            today_says=spoken.day(found.until, "MMMd"),
            month=lambda at: spoken.day(at, "MMMyy"),
            percent=spoken.percent,
            day=spoken.day,
        )


def _published(profile: CustomerProfile) -> predict.Published | None:
    scores = profile.scores
    if scores is None:
        return None
    return predict.Published(
        value_e4=scores.value_e4,
        low_e4=scores.value_low_e4,
        high_e4=scores.value_high_e4,
        next_from=scores.next_from_day,
        next_to=scores.next_to_day,
    )


def hold_model(shop: Shop) -> None:
    """Bring into memory what the page needs of the model, by asking it of whoever is foreseen first."""
    first = know.customers(shop, limit=1).rows
    if first and worth_of(shop) is not None:
        predict.value_of_customer(shop, first[0].customer_id)
        predict.alive_curve(shop, first[0].customer_id)


def customer_page(shop: Shop) -> Callable[[Request], Response]:
    """The handler of `/customers/{id}`."""
    return CustomerPages(shop).show


def initials(name: str | None, lang: str) -> str:
    """Up to two letters for the face; nothing for someone without a name.

    In Spanish the first of two family names counts; particles (de, del, la) are no names.

    >>> initials("Lucía Ferrer Gil", "es"), initials("Ana María de la Cruz Soto", "es"), initials("Bo T Lind", "en")
    ('LF', 'AC', 'BL')
    >>> initials("Zoe Ruiz", "es"), initials(None, "es")
    ('ZR', '')
    """
    parts = [part for part in (name or "").split() if part[0].isalpha() and part.lower() not in _PARTICLES]
    family = parts[-2:-1] if lang == "es" and len(parts) > 2 else parts[-1:]
    return "".join(part[0].upper() for part in (parts[:1] + family if len(parts) > 1 else parts))


def called(name: str | None) -> str:
    """What to call them in a sentence: the first name, or nothing."""
    parts = (name or "").split()
    return parts[0] if len(parts) > 1 else ""


def _rhythm(profile: CustomerProfile) -> Words:
    """How the wait since the last order compares to the usual one."""
    if profile.days_since == 0:
        return Words("Ordered on the last day with data")
    if profile.usual_gap_days is None:
        return Words("{n} days since the only order", {"n": profile.days_since})
    if profile.usual_gap_days < _DAILY:
        return Words("usually every day, now {n} days", {"n": profile.days_since})
    return Words(
        "usually every {usual} days, now {n}", {"usual": round(profile.usual_gap_days), "n": profile.days_since}
    )
