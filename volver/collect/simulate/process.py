"""People of a simulated shop: who they are, and when they order until they leave. The law is in `law`."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from volver.collect.simulate.law import BuyingProcess
    from volver.collect.simulate.season import Calendar

PERSON, WHOLESALE, UNDECIDED, GUEST = 0, 1, 2, 3
KINDS = ("person", "wholesale", "undecided", "guest")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lives:
    """One chunk of people, guests last. All arrays have shape (n_people,)."""

    kind: "NDArray[np.int8]"
    joined: "NDArray[np.float64]"
    """When they came, in busy days since the first day of the calendar."""
    rate: "NDArray[np.float64]"
    p_dropout: "NDArray[np.float64]"
    left: "NDArray[np.float64]"
    """When they left, in busy days; infinite for those who stay beyond the calendar."""
    more_lines: "NDArray[np.float64]"
    taste: "NDArray[np.int64]"
    favourite: "NDArray[np.int64]"
    p_discount: "NDArray[np.float64]"
    is_tracked: "NDArray[np.bool_]"
    is_subscribed: "NDArray[np.bool_]"
    n_customers: int

    def alive_at(self, when: float) -> "NDArray[np.bool_]":
        """Who has not left by `when` (busy days)."""
        answer: NDArray[np.bool_] = self.left > when
        return answer

    def expected_orders(self, since: float, until: float) -> "NDArray[np.float64]":
        """Orders to expect of each person between two instants (busy days), knowing who is alive at the first.

        Orders of a living person thin out at rate `rate * p_dropout`: (1 - exp(-rate p (until - since))) / p.
        """
        import numpy as np

        fade = self.rate * self.p_dropout * (until - since)
        expected = np.where(fade < 1e-8, self.rate * (until - since), -np.expm1(-fade) / self.p_dropout)
        return np.where(self.alive_at(since), expected, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchases:
    """Orders of one chunk, in order of time. Shape (n_orders,)."""

    person: "NDArray[np.int64]"
    at: "NDArray[np.float64]"
    """Busy days since the first day of the calendar."""


def live(rng: Any, n_customers: int, calendar: "Calendar", process: "BuyingProcess", shape: tuple[int, int]) -> Lives:
    """Draw people. `shape` is (number of tastes, number of categories) of the catalogue."""
    import numpy as np

    n_guests = round(n_customers * process.guest_share)
    n = n_customers + n_guests
    kind = np.zeros(n, dtype=np.int8)
    draw = rng.random(n)
    kind[draw < process.wholesale_share] = WHOLESALE
    kind[draw > 1 - process.undecided_share] = UNDECIDED
    kind[n_customers:] = GUEST
    comes_once = kind >= UNDECIDED
    rate = np.maximum(rng.gamma(process.r, 1 / process.alpha_days, n), 1e-12)
    p_dropout = np.clip(rng.beta(process.a, process.b, n), 1e-9, 1 - 1e-12)
    rate[comes_once], p_dropout[comes_once] = 1e-12, 1.0
    waits = process.discount_share * 4
    return Lives(
        kind=kind,
        joined=calendar.busy_at(calendar.arrivals(rng, n, process.growth_per_year)),
        rate=rate,
        p_dropout=p_dropout,
        left=np.full(n, np.inf),
        more_lines=rng.gamma(process.lines_shape, process.more_lines / process.lines_shape, n),
        taste=rng.binomial(shape[0] - 1, 0.5, n),
        favourite=rng.integers(0, shape[1], n),
        p_discount=rng.beta(waits, 4 - waits, n) if process.discount_share else np.zeros(n),
        is_tracked=rng.random(n) < process.tracked_share,
        is_subscribed=(rng.random(n) < process.subscribed_share) & (kind != GUEST),
        n_customers=n_customers,
    )


def buy(rng: Any, lives: Lives, calendar: "Calendar") -> Purchases:
    """Let everybody buy until they leave or the calendar ends, and write down in `lives.left` when they left.

    One turn of the loop is the n-th order of all who are still there: it ends with the most faithful customer.
    """
    import numpy as np

    people: list[NDArray[np.int64]] = []
    times: list[NDArray[np.float64]] = []
    active = np.arange(lives.joined.size)
    at = lives.joined.copy()
    while active.size:
        people.append(active)
        times.append(at)
        stays = rng.random(active.size) >= lives.p_dropout[active]
        lives.left[active[~stays]] = at[~stays]
        active = active[stays]
        at = at[stays] + rng.exponential(size=active.size) / lives.rate[active]
        is_inside = at < calendar.busy_end
        active, at = active[is_inside], at[is_inside]
    person, when = np.concatenate(people), np.concatenate(times)
    order = np.argsort(when, kind="stable")
    return Purchases(person=person[order], at=when[order])
