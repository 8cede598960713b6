"""One ledger, one currency: which one an import is in, and whether the shop can take it."""

import tomllib
from collections.abc import Mapping
from typing import Final

from volver.collect.reading.choices import Answerable, Choice
from volver.core import Settings, VolverError, Words, load_settings, write_settings
from volver.store import Shop

_NEARLY: Final = 0.98


class OtherCurrency(VolverError):
    """The import is in another currency than the ledger."""

    code = "collect.other_currency"
    says = "The shop keeps its ledger in {ours}; these files are said to be in {theirs}."
    hint = "Convert the money first, or make a shop of its own: `volver init PATH --currency {theirs}`."
    status = 409


class SeveralCurrencies(Answerable, VolverError):
    """Files are in several currencies, none of which is the shop's: nothing of them would count."""

    code = "collect.several_currencies"
    says = "The files' money is in {theirs}, none of it in {ours}, the shop's currency."
    hint = "Say which one counts, in a shop that has no orders yet: `--currency CODE`. Rows in another are set aside."
    status = 409

    @property
    def choices(self) -> tuple[Choice, ...]:
        """Each of the currencies."""
        return tuple(
            Choice(label=Words("Count what is in {currency}", {"currency": code}), sets={"currency": code})
            for code in str(self.facts["theirs"]).split(", ")
        )


def of_import(shop: Shop, said: str | None) -> str:
    """The currency of an import. A shop that is empty, and whose currency nobody chose, takes that of its first import.

    Raises `collect.other_currency`.
    """
    ours, chosen = _of_shop(shop)
    theirs = (said or ours).strip().upper()
    if theirs == ours:
        return ours
    if chosen or shop.lake.snapshot("order_lines").rows:
        raise OtherCurrency(ours=ours, theirs=theirs)
    return theirs


def of_files(shop: Shop, said: str | None, stated: Mapping[str, int], ours: str) -> str:
    """The currency of files that state their own: an empty shop whose currency nobody chose takes it.

    Raises `collect.other_currency` where they are in another currency than the shop's, and
    `collect.several_currencies` where they are in several, none of them the shop's.
    """
    if said or not stated:
        return ours
    theirs, rows = max(stated.items(), key=lambda each: each[1])
    if theirs == ours or stated.get(ours):
        return ours
    if rows < _NEARLY * sum(stated.values()):
        raise SeveralCurrencies(ours=ours, theirs=", ".join(sorted(stated)))
    if _of_shop(shop)[1] or shop.lake.snapshot("order_lines").rows:
        raise OtherCurrency(ours=ours, theirs=theirs)
    return theirs


def adopt(shop: Shop, currency: str) -> None:
    """Write the currency of a first import into the shop's settings."""
    if currency == _of_shop(shop)[0]:
        return
    values = tomllib.loads((shop.path / "volver.toml").read_text(encoding="utf-8"))
    write_settings(shop.path, values | {"currency": currency})


def _of_shop(shop: Shop) -> tuple[str, bool]:
    """The shop's currency and whether somebody chose it; an open shop may not know what a first import adopted."""
    for settings in (shop.settings, load_settings(shop.path)):
        if settings.origin(Settings, "currency")[0] != "default":
            return settings.currency, True
    return settings.currency, False
