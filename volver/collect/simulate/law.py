"""What is true in a simulated shop: how people come, buy, leave and spend.

The process is the one of Batislam, Denizel & Filiztekin (2007), MBG/NBD, told in a shop's words:

- A person buys for the first time on the day they join. Joining follows the season and grows by `growth_per_year`.
- While they stay they buy as a Poisson process of rate `rate` per *busy day*. Rates differ: Gamma(`r`, `alpha_days`).
- After every order, the first included, they leave for good with probability `p_dropout`, Beta(`a`, `b`).
- A busy day is a day times the season of the shop (mean 1 over a year), so rate and season do not mix: with
  `season` and `christmas` off a busy day is a day, and the counts are MBG/NBD exactly.
- What an order holds does not depend on rate or dropout. People differ in how many lines they take, in how dear
  they like things, in a favourite category and in how often they wait for a discount.
- Guests buy once and leave no reference. Wholesale buyers take many of each thing at a fixed discount. Undecided
  buyers cancel their only order within minutes. Some orders follow one that was placed by mistake and undone.
- Messages and visits change nothing: an experiment on this shop finds no effect.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyingProcess:
    """The settings of the process. Shares are between 0 and 1; 0 or False switches a part off."""

    r: float = 0.85
    alpha_days: float = 75.0
    a: float = 0.75
    b: float = 1.9
    season: bool = True
    christmas: bool = True
    growth_per_year: float = 0.35
    lines_shape: float = 2.0
    more_lines: float = 1.0
    favourite_share: float = 0.45
    discount_share: float = 0.18
    sales: bool = True
    shipping_share: float = 0.12
    wholesale_share: float = 0.008
    undecided_share: float = 0.003
    guest_share: float = 0.06
    cancel_share: float = 0.02
    return_share: float = 0.05
    tracked_share: float = 0.5
    subscribed_share: float = 0.55
    has_events: bool = True
