"""The currency codes of ISO 4217 and the signs that stand for one currency only in practice."""

from volver.core import CURRENCIES

CODES = CURRENCIES
SIGNS = {"€": "EUR", "$": "USD", "US$": "USD", "£": "GBP", "R$": "BRL", "¥": "JPY", "EURO": "EUR", "EUROS": "EUR"}
