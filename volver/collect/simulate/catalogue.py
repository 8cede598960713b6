"""What a simulated shop sells: a catalogue written by hand, and how likely each thing is to be picked.

A pick depends on the month (things have a season), on the taste for dear things and on a favourite category. The
chances are tables, so the mean price that a person pays is known exactly.
"""

import csv
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TASTES = (-0.6, -0.35, -0.1, 0.15, 0.4, 0.65, 0.9)
"""Powers of the price that weigh a pick: above 0 the dear things are picked more often."""

IN_SEASON = {
    "": (1.0,) * 12,
    "primavera": (0.4, 0.8, 2.0, 2.6, 2.4, 1.4, 0.7, 0.5, 0.5, 0.4, 0.3, 0.3),
    "verano": (0.3, 0.4, 0.6, 1.0, 1.6, 2.4, 2.8, 2.2, 1.0, 0.5, 0.3, 0.3),
    "invierno": (2.0, 1.8, 1.2, 0.7, 0.4, 0.2, 0.2, 0.3, 0.7, 1.4, 2.0, 2.2),
    "navidad": (0.5, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.3, 1.0, 3.6, 5.0),
}


@dataclass(frozen=True, slots=True)
class Product:
    """One thing the shop sells. Money in cents."""

    ref: str
    name: str
    category: str
    price_cents: int
    cost_cents: int
    season: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The products, and the chance of each as cumulated tables of shape (12 months, categories, tastes, products)."""

    products: tuple[Product, ...]
    categories: tuple[str, ...]
    price_cents: "NDArray[np.int64]"
    cumulated: "NDArray[np.float64]"
    mean_price: "NDArray[np.float64]"
    """Expected price of one pick in cents, (12 months, categories, tastes)."""

    def pick(self, rng: Any, month: Any, favourite: Any, taste: Any) -> "NDArray[np.int64]":
        """One product for each line, as positions in `products`."""
        import numpy as np

        _, n_categories, n_tastes, n_products = self.cumulated.shape
        row = (month * n_categories + favourite) * n_tastes + taste
        found = np.searchsorted(self._flat(), row + rng.random(row.size), side="right") - row * n_products
        picked: NDArray[np.int64] = np.clip(found, 0, n_products - 1).astype(np.int64)
        return picked

    def _flat(self) -> "NDArray[np.float64]":
        """All cumulated rows one after the other, each lifted by its number, so that one search serves all."""
        import numpy as np

        rows = self.cumulated.reshape(-1, self.cumulated.shape[-1])
        return (rows + np.arange(rows.shape[0])[:, None]).ravel()


def products() -> tuple[Product, ...]:
    """The catalogue as it is written in `catalogue.csv`: 180 things of a home, food and gift shop, in Spanish."""
    text = (files("volver.collect.simulate") / "catalogue.csv").read_text(encoding="utf-8")
    return tuple(
        Product(row["ref"], row["name"], row["category"], _cents(row["price"]), _cents(row["cost"]), row["season"])
        for row in csv.DictReader(text.splitlines())
    )


def _cents(text: str) -> int:
    whole, _, part = text.partition(".")
    return int(whole) * 100 + int(part.ljust(2, "0"))


def catalogue(rng: Any, favourite_share: float, has_season: bool) -> Catalogue:
    """The catalogue with its chances; `rng` decides which things sell well."""
    import numpy as np

    things = products()
    categories = tuple(dict.fromkeys(thing.category for thing in things))
    price = np.array([thing.price_cents for thing in things], dtype=np.int64)
    of_category = np.array([categories.index(thing.category) for thing in things])
    popularity = np.exp(rng.normal(0, 0.9, len(things)))
    season = np.array([IN_SEASON[thing.season if has_season else ""] for thing in things]).T
    liking = (price / 2000)[None, :] ** np.array(TASTES)[:, None]
    weight = season[:, None, None, :] * liking[None, None, :, :] * popularity
    anything = weight / weight.sum(axis=-1, keepdims=True)
    own = weight * (of_category[None, :] == np.arange(len(categories))[:, None])[None, :, None, :]
    own = own / own.sum(axis=-1, keepdims=True)
    chance = favourite_share * own + (1 - favourite_share) * anything
    cumulated = np.cumsum(chance, axis=-1)
    return Catalogue(things, categories, price, cumulated / cumulated[..., -1:], chance @ price)
