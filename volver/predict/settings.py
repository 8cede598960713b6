"""The settings of predict."""

from dataclasses import dataclass
from typing import ClassVar

from volver.core import Section, setting


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictSettings(Section):
    """What future money is worth today."""

    section: ClassVar[str] = "predict"
    discount_rate_yearly: float = setting(0.1, "Yearly rate at which future money is discounted.", least=0, most=1)
