"""One ledger, one base: whether the shop's revenue holds tax. The first files that tell decide for all later ones."""

import tomllib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from volver.collect.reading.choices import Answerable, Choice
from volver.collect.settings import CollectSettings
from volver.core import VolverError, Words, write_settings
from volver.store import Shop

if TYPE_CHECKING:
    from volver.collect.reading import SourceFile

AS_IT_STANDS: Final = "tax-as-it-stands"
_NAMES: Final = {True: "with", False: "without"}


class OtherTaxBase(Answerable, VolverError):
    """Files hold money without tax, the shop's holds it; or the other way round."""

    @property
    def choices(self) -> tuple[Choice, ...]:
        """To count it all the same."""
        return (Choice(label=Words("Count the money as it stands"), sets={"money": (AS_IT_STANDS,)}),)


class WithoutTax(OtherTaxBase):
    """Files without tax for a shop whose revenue holds it."""

    code = "collect.without_tax"
    says = "The money of {file} is without tax; what the shop holds includes it."
    hint = (
        "Export it with tax, or count it as it stands: `--money tax-as-it-stands`. `tax` under [collect] is the shop's."
    )
    status = 409


class WithTax(OtherTaxBase):
    """Files with tax for a shop whose revenue holds none."""

    code = "collect.with_tax"
    says = "The money of {file} includes tax; what the shop holds is without it."
    hint = (
        "Export it without tax, or count it as it stands: `--money tax-as-it-stands`. "
        "`tax` under [collect] is the shop's."
    )
    status = 409


def ask_of(shop: Shop, files: Sequence["SourceFile"], answers: Sequence[str]) -> VolverError | None:
    """What is to be asked where files tell another base than the shop's, or than one another; None if nothing is."""
    ours = _of_shop(shop)
    for file in files:
        if file.money is None or file.money.taxed is None or AS_IT_STANDS in (*answers, *file.said.get("money", ())):
            continue
        if ours is None:
            ours = file.money.taxed
        if file.money.taxed != ours:
            return (WithTax if file.money.taxed else WithoutTax)(file=file.label)
    return None


def adopt(shop: Shop, files: Sequence["SourceFile"]) -> None:
    """Write the base of the first files that tell into the shop's settings."""
    told = {file.money.taxed for file in files if file.money is not None and file.money.taxed is not None}
    if len(told) != 1 or _of_shop(shop) is not None:
        return
    values = tomllib.loads((shop.path / "volver.toml").read_text(encoding="utf-8"))
    collect = values.get(CollectSettings.section, {})
    write_settings(shop.path, values | {CollectSettings.section: {**collect, "tax": _NAMES[told.pop()]}})


def _of_shop(shop: Shop) -> bool | None:
    """Whether the shop's revenue holds tax; an open shop may not know what a first import adopted."""
    held = tomllib.loads((shop.path / "volver.toml").read_text(encoding="utf-8")).get(CollectSettings.section, {})
    name = held.get("tax") or shop.settings.of(CollectSettings).tax
    return None if name not in _NAMES.values() else name == "with"
