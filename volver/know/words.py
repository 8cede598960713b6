"""How stages and segments are put into words."""

from typing import Any, Final

from volver.core import Words

STAGE_LABELS: Final = {
    "new": Words("New"),
    "growing": Words("Growing"),
    "champion": Words("Champions"),
    "slipping": Words("Slipping"),
    "sleeping": Words("Sleeping"),
    "lost": Words("Lost"),
}
STAGE_NAMES: Final = STAGE_LABELS | {"champion": Words("Champion")}  # of one customer
STAGE_SAYS: Final = {
    "new": Words("First order not long ago"),
    "growing": Words("Coming back at their own pace"),
    "champion": Words("On time and among the biggest spenders"),
    "slipping": Words("Longer than usual since the last order"),
    "sleeping": Words("Much longer than usual since the last order"),
    "lost": Words("So long that few come back"),
}


def stage_reason(fact: dict[str, Any]) -> Words:
    """Why a customer is in their stage, from a row of `facts`."""
    since, usual = int(fact["days_since"]), fact["usual_gap_days"]
    if since == 0:
        return Words("Ordered on the last day with data")
    if usual is None:
        if fact["stage"] == "new":
            return Words("First order {n} days ago", {"n": since})
        within = round(fact["rhythm_days"])
        return Words("{n} days since the only order; a second one usually comes within {within}", _pair(since, within))
    facts = {"n": since, "usual": max(1, round(usual))}
    if fact["stage"] == "champion":
        return Words("{n} days since the last order; usually {usual}; among the biggest spenders", facts)
    return Words("{n} days since the last order; usually {usual}", facts)


def _pair(since: int, within: int) -> dict[str, Any]:
    return {"n": since, "within": max(1, within)}
