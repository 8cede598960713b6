"""What people of a simulated shop do besides ordering: visits, carts left behind, messages, returns asked for.

Only people who allowed it are followed, and only subscribers get messages. Nothing here changes what anybody buys.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from volver.collect.simulate.process import GUEST
from volver.collect.simulate.season import start_us

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from volver.collect.simulate.baskets import Baskets
    from volver.collect.simulate.catalogue import Catalogue
    from volver.collect.simulate.documents import Orders, Rows
    from volver.collect.simulate.process import Lives
    from volver.collect.simulate.season import Calendar

KINDS = (
    "page_viewed",
    "product_viewed",
    "cart_added",
    "checkout_started",
    "message_sent",
    "message_opened",
    "message_clicked",
    "return_requested",
)
PAGE, VIEW, CART, CHECKOUT, SENT, OPENED, CLICKED, ASKED_BACK = range(8)
SECOND_US = 1_000_000
VISITS_PER_YEAR = 3.0

SUBJECTS = (
    ((1, 8), "Las rebajas empiezan hoy"),
    ((2, 7), "Un detalle para San Valentín"),
    ((3, 21), "Primavera en el balcón"),
    ((4, 26), "Para el Día de la Madre, a tiempo"),
    ((6, 10), "La mesa de verano"),
    ((7, 3), "Rebajas de julio"),
    ((9, 12), "Volver a la rutina con buen café"),
    ((10, 20), "Mantas, velas y tardes cortas"),
    ((11, 24), "Viernes de ofertas"),
    ((12, 5), "Regalos que llegan antes de Reyes"),
)
PAGES = ("/", "/novedades", "/rebajas", "/regalos", "/cocina", "/despensa", "/hogar")
TEXTS = PAGES + tuple(subject for _, subject in SUBJECTS)


@dataclass(frozen=True, slots=True)
class Events:
    """Events of one chunk, in order of time; shape (n_events,). -1 means none."""

    at_us: "NDArray[np.int64]"
    """UTC."""
    kind: "NDArray[np.int64]"
    person: "NDArray[np.int64]"
    product: "NDArray[np.int64]"
    order: "NDArray[np.int64]"
    text: "NDArray[np.int64]"

    def __getitem__(self, chosen: Any) -> "Events":
        return Events(*(getattr(self, name)[chosen] for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Happened:
    """What the events of one chunk hang on."""

    lives: "Lives"
    orders: "Orders"
    baskets: "Baskets"
    rows: "Rows"
    calendar: "Calendar"
    catalogue: "Catalogue"


def events(rng: Any, happened: Happened) -> Events:
    """All events of a chunk within the history, by time."""
    import numpy as np

    calendar = happened.calendar
    parts = [*_buying(rng, happened), *_visits(rng, happened), *_messages(rng, happened), _asked_back(happened)]
    found = Events(*(np.concatenate([getattr(part, name) for part in parts]) for name in Events.__slots__))
    start = calendar.utc_us(np.array([start_us(calendar.first), start_us(calendar.last + timedelta(1)) - 1]))
    found = found[(found.at_us >= start[0]) & (found.at_us <= start[1])]
    return found[np.lexsort((found.kind, found.at_us))]


def _some(at_us: Any, kind: int, person: Any, product: Any = None, order: Any = None, text: Any = None) -> Events:
    import numpy as np

    none = np.full(at_us.size, -1, dtype=np.int64)
    kinds = np.full(at_us.size, kind, dtype=np.int64)
    given = (none if each is None else each for each in (product, order, text))
    return Events(at_us, kinds, person, *given)


def _buying(rng: Any, happened: Happened) -> list[Events]:
    """The visit that ends in an order: a page, each thing looked at and put in the cart, the checkout."""
    import numpy as np

    lives, orders, baskets = happened.lives, happened.orders, happened.baskets
    followed = np.flatnonzero(lives.is_tracked[orders.person])
    ordered = happened.calendar.utc_us(orders.local_us)
    start = ordered - rng.integers(240, 1200, ordered.size) * SECOND_US
    who = orders.person[followed]
    line = np.flatnonzero(lives.is_tracked[orders.person[baskets.order]])
    order, product = baskets.order[line], baskets.product[line]
    share = rng.random(line.size)
    looked = start[order] + (share * 0.7 * (ordered - start)[order]).astype(np.int64) // SECOND_US * SECOND_US
    buyer = orders.person[order]
    return [
        _some(start[followed], PAGE, who, text=rng.integers(0, len(PAGES), who.size)),
        _some(looked, VIEW, buyer, product),
        _some(looked + rng.integers(5, 40, line.size) * SECOND_US, CART, buyer, product),
        _some(ordered[followed] - rng.integers(30, 70, who.size) * SECOND_US, CHECKOUT, who, order=followed),
    ]


def _visits(rng: Any, happened: Happened) -> list[Events]:
    """Visits that end in nothing, one in four with a cart left behind; they stop soon after a person has left."""
    import numpy as np

    lives, calendar = happened.lives, happened.calendar
    since = calendar.busy_now
    until = np.minimum(lives.left + 30, since)
    stay = np.where(lives.is_tracked, np.maximum(until - lives.joined, 0), 0)
    who = np.repeat(np.arange(stay.size), rng.poisson(stay * VISITS_PER_YEAR / 365))
    when = lives.joined[who] + rng.random(who.size) * stay[who]
    start = calendar.utc_us(calendar.local_us(when))
    visit = np.repeat(np.arange(who.size), 1 + rng.poisson(0.8, who.size))
    month = calendar.month[calendar.day_of(when)][visit]
    looker = who[visit]
    product = happened.catalogue.pick(rng, month, lives.favourite[looker], lives.taste[looker])
    at_us = start[visit] + rng.integers(20, 400, visit.size) * SECOND_US
    left = rng.random(visit.size) < 0.18
    return [
        _some(start, PAGE, who, text=rng.integers(0, len(PAGES), who.size)),
        _some(at_us, VIEW, looker, product),
        _some(at_us[left] + 15 * SECOND_US, CART, looker[left], product[left]),
    ]


def _messages(rng: Any, happened: Happened) -> list[Events]:
    """Ten mailings a year to subscribers; those who have left open few of them."""
    import numpy as np

    lives, calendar = happened.lives, happened.calendar
    parts: list[Events] = []
    for text, on in _mailings(calendar.first, calendar.last):
        day = (on - calendar.first).days
        busy = float(calendar.until[day])
        who = np.flatnonzero(lives.is_subscribed & (lives.joined < busy) & (lives.kind != GUEST))
        sent_local = start_us(on) + 10 * 3600 * SECOND_US + np.zeros(who.size, dtype=np.int64)
        sent = calendar.utc_us(sent_local) + rng.integers(0, 600, who.size) * SECOND_US
        opens = rng.random(who.size) < np.where(lives.left[who] > busy, 0.38, 0.12)
        opened = sent[opens] + (rng.exponential(5 * 3600, int(opens.sum())) + 60).astype(np.int64) * SECOND_US
        clicks = rng.random(opened.size) < 0.15
        clicked = opened[clicks] + rng.integers(5, 90, int(clicks.sum())) * SECOND_US
        for at_us, kind, whom in (
            (sent, SENT, who),
            (opened, OPENED, who[opens]),
            (clicked, CLICKED, who[opens][clicks]),
        ):
            parts.append(_some(at_us, kind, whom, text=np.full(whom.size, len(PAGES) + text)))
    return parts


def _mailings(first: date, last: date) -> list[tuple[int, date]]:
    """Position in `SUBJECTS` and day of every mailing in the history."""
    years = range(first.year, last.year + 1)
    planned = [(text, date(year, *on)) for year in years for text, (on, _) in enumerate(SUBJECTS)]
    return [(text, on) for text, on in planned if first <= on <= last]


def _asked_back(happened: Happened) -> Events:
    from volver.collect.simulate.documents import return_requests

    order, product, local = return_requests(happened.rows)
    person = happened.orders.person[order]
    return _some(happened.calendar.utc_us(local), ASKED_BACK, person, product, order)
