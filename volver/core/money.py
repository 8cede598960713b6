"""Money as the ledger holds it: whole ten-thousandths of the currency unit.

Four decimals keep unit prices such as 0.0625 exact; sums of integers do not depend on their order. People see
rounded amounts, the ledger never rounds.
"""

from dataclasses import dataclass
from decimal import Decimal

E4 = 10_000


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An exact amount: `e4` ten-thousandths of one unit of `currency`.

    >>> str(Money(12345678, "EUR"))
    '1234.5678 EUR'
    """

    e4: int
    currency: str

    @property
    def amount(self) -> Decimal:
        """The amount in currency units, exact."""
        return Decimal(self.e4) / E4

    def __str__(self) -> str:
        return f"{decimal_text(self.e4)} {self.currency}"


def decimal_text(e4: int) -> str:
    """Ten-thousandths as a decimal string with at least two decimals and no trailing zeros beyond them.

    >>> decimal_text(120000), decimal_text(-5), decimal_text(12345)
    ('12.00', '-0.0005', '1.2345')
    """
    sign = "-" if e4 < 0 else ""
    whole, part = divmod(abs(e4), E4)
    digits = f"{part:04d}".rstrip("0").ljust(2, "0")
    return f"{sign}{whole}.{digits}"
