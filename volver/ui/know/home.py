"""The first page: money, what to look at today, whether the data is sound."""

from collections.abc import Callable
from datetime import date
from typing import Final
from urllib.parse import urlencode

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from volver import know
from volver.core import E4
from volver.know import Health, HomeReport, Todo
from volver.store import Jobs, Shop, kept_answer
from volver.ui.predict.outlook import outlook_of
from volver.ui.predict.shelf import why_not
from volver.ui.shared.charts_value import Month, months
from volver.ui.shared.figures import today_of
from volver.ui.shared.formatting import Speech
from volver.ui.shared.rendering import render_page, speech_of

_RESTS_ON: Final = ("orders", "facts", "scores", "event_days", "ledger_health")
_ICONS: Final = {
    "slipping": "hourglass",
    "carts": "shopping-cart",
    "singles": "repeat",
    "fresh": "sprout",
    "champions": "crown",
}


def totals(shop: Shop) -> tuple[HomeReport, Health]:
    """What the page says of the shop and of its data, as of the last refresh."""
    aside = str(know.rows_set_aside(shop))
    return (
        kept_answer(shop, "home", _RESTS_ON, HomeReport, lambda: know.home(shop)),
        kept_answer(shop, "health", _RESTS_ON, Health, lambda: know.health(shop), aside),
    )


def home_page(shop: Shop) -> Callable[[Request], Response]:
    """The handler of `/`."""

    def show(request: Request) -> Response:
        spoken = speech_of(request, shop)
        home, health = totals(shop)
        now, before = home.revenue_30d_e4 or 0, home.revenue_before_e4 or 0
        return render_page(
            request,
            shop,
            "home.html",
            home=home,
            today=today_of(shop),
            health=health,
            outlook=outlook_of(shop),
            year_change=spoken.change(home.revenue_365d_e4 or 0, home.revenue_365d_before_e4 or 0),
            jobs=Jobs(shop.state).counts(waiting=False),
            why_not=why_not(shop, health.customers),
            chart=_months(home, spoken) if home.months else "",
            revenue_change=spoken.change(now, before),
            revenue_tone="good" if now >= before else "bad",
            is_running=bool(home.months) and _is_running(home.months[-1], home.at or date.min),
            people_of=people_of,
            todo_icon=lambda key: _ICONS.get(key, "sparkles"),
        )

    return show


def people_of(todo: Todo) -> str:
    """The address of the list of exactly the customers whom a to-do counts."""
    asked = {name: value for name, value in (("stage", todo.stage), ("segment", todo.segment)) if value}
    return f"/customers?{urlencode(asked)}"


def _months(home: HomeReport, spoken: Speech) -> Markup:
    _ = spoken.text
    last = home.at or date.min
    told: list[Month] = []
    for name, amount in zip(home.months, home.months_net_e4, strict=True):
        whole = not _is_running(name, last)
        says = f"{spoken.month(name, 'yMMMM')} · {spoken.money(amount)}"
        if not whole:
            says += " · " + _("until {day}", day=spoken.day(last, "MMMd"))
        year = name[:4] if not told or name.endswith("-01") else ""
        told.append(Month(name=spoken.month(name, "LLL"), year=year, amount=amount / E4, says=says, whole=whole))
    return months(told, label=_("Revenue by month"), money=lambda value: spoken.money_tick(value * E4))


def _is_running(month: str, last: date) -> bool:
    """Whether a month is not over on the last day of data."""
    tomorrow = date.fromordinal(last.toordinal() + 1)
    return month == f"{last:%Y-%m}" and tomorrow.month == last.month
