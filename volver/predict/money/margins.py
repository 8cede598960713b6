"""Where margins rest on the setting `margin_rate` because costs of products are not known. Reads the lake's `days`."""

from volver.core import Words
from volver.know import KnowSettings
from volver.store import Shop


def assumed_margin(shop: Shop) -> tuple[Words, ...]:
    """A remark with the share of lines whose cost is not known; nothing where all are known."""
    found = shop.compute.relation(
        "select cast(coalesce(sum(lines), 0) as bigint) as lines, "
        "cast(coalesce(sum(uncosted), 0) as bigint) as uncosted from days"
    ).to_pylist()[0]
    rate = round(100 * shop.settings.of(KnowSettings).margin_rate)
    lines, uncosted = int(found["lines"]), int(found["uncosted"])
    if not uncosted and lines:
        return ()
    if uncosted == lines:
        return (
            Words("No costs of products are known: margins rest on the setting margin_rate, {rate} %.", {"rate": rate}),
        )
    share = max(round(100 * uncosted / lines), 1)
    text = "The costs of {share} % of the lines are not known: their margin rests on the setting margin_rate, {rate} %."
    return (Words(text, {"share": share, "rate": rate}),)
