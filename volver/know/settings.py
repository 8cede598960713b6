"""The settings of know: when customers count as slipping, who is a big spender, what counts as an order."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from volver.core import Section, setting


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowSettings(Section):
    """What separates stages and segments, and what an order and its margin are."""

    section: ClassVar[str] = "know"
    margin_rate: float = setting(
        0.4, "Share of net revenue that is margin where a product's cost is not known.", least=0, most=1
    )
    cancel_within_hours: int = setting(24, "An order undone as a whole within these hours never was an order.")
    new_days: int = setting(0, "Days that a first-time buyer counts as new; 0 means the shop's usual second gap.")
    slipping_gaps: float = setting(1.5, "Usual gaps without an order after which a customer is slipping.")
    sleeping_gaps: float = setting(3.0, "Usual gaps without an order after which a customer is sleeping.")
    lost_gaps: float = setting(6.0, "Usual gaps without an order after which a customer is lost.")
    big_spender_quantile: float = setting(
        0.9, "Customers above this quantile of net spend are big spenders.", least=0, most=1
    )
    high_aov_quantile: float = setting(
        0.9, "Customers above this quantile of average order value are high AOV.", least=0, most=1
    )
    loyal_orders_quantile: float = setting(
        0.9, "Repeat buyers above this quantile of orders are loyal.", least=0, most=1
    )
    vip_value_quantile: float = setting(
        0.95, "Customers above this quantile of net spend and on time are VIP.", least=0, most=1
    )
    discount_share: float = setting(
        0.5, "Share of orders with a discount from which a customer is a discount buyer.", least=0, most=1
    )

    def problems(self) -> Iterator[tuple[str, str]]:
        """Stages that would come in the wrong order."""
        if not self.sleeping_gaps > self.slipping_gaps > 0:
            yield "sleeping_gaps", "more than slipping_gaps"
        if not self.lost_gaps > self.sleeping_gaps:
            yield "lost_gaps", "more than sleeping_gaps"
