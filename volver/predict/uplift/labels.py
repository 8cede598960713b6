"""Which of two labels is the treatment, and which outcomes are a yes.

Pure Python and numpy over a column of labels of any kind.
"""

import re
from typing import Any, Final

import numpy as np

from volver.core import VolverError
from volver.predict.numerics.arrays import Bools, Floats
from volver.predict.numerics.frames import eager

# Words for customers to whom nothing was done, as whole labels or as a label's first word; Spanish ones last.
_CONTROL: Final = frozenset(
    (
        *("control", "controls", "ctrl", "ctl", "none", "no", "non", "not", "nothing", "without", "holdout"),
        *("placebo", "psa", "baseline", "0", "false", "off", "untreated", "unexposed", "unsent", "unmailed"),
        *("uncontacted", "sin", "ninguno", "ninguna", "nada"),
    )
)
_ANYWHERE: Final = frozenset(("control", "controls", "ctrl", "ctl", "holdout", "placebo", "untreated", "unexposed"))
_DENIES: Final = ("no", "non", "not", "un", "in", "sin")  # exposed and unexposed, coupon and nocoupon
_PAIRS: Final = frozenset((("n", "y"), ("n", "s"), ("f", "t")))
_FEW_ARMS: Final = 8
_FAR: Final = 5.0  # standard errors between the chances told and the share treated
_ROUNDED: Final = 0.01  # a chance may have been told with two digits
_YES: Final = {"yes": 1.0, "no": 0.0, "true": 1.0, "false": 0.0, "y": 1.0, "n": 0.0, "sí": 1.0, "si": 1.0}


class BadTreatment(VolverError):
    """A treatment, outcome or propensity that does not fit the customers."""

    code = "predict.bad_treatment"
    says = "No effect can be learned: {why}."
    hint = (
        "Give one treatment with two levels, one outcome number and one row of features per customer. "
        "Of a campaign with several arms keep two: name them to a model by treated= and control=, or drop the others."
    )


def who_was_treated(treatment: Any, rows: int, treated: Any = None) -> tuple[Bools, Any]:
    """Who was treated, and the label of the treatment.

    Unless named, of two labels the one that does not read as a control (control, none, no …, hold-out, placebo, 0,
    False, sin …) is the treatment; of two other numbers the higher. Raises `predict.bad_treatment` where two texts
    leave it open.
    """
    values = _flat(treatment, rows)
    levels = np.unique(values)
    if len(levels) != 2:
        raise BadTreatment(why=f"the treatment has {len(levels)} levels instead of two{_listed(levels)}")
    label = _treatment_of(levels) if treated is None else _named(levels, treated)
    return values == label, label.item()


def two_arms(treatment: Any, rows: int, treated: Any = None, control: Any = None) -> tuple[Bools, Bools, Any]:
    """Who is in one of the two arms compared, (rows,); who of these was treated; the label of the treatment.

    With `control` only customers of this arm and of `treated` count; without it there must be two levels, and everybody
    counts. Raises `predict.bad_treatment`.
    """
    if control is None:
        had, label = who_was_treated(treatment, rows, treated)
        return np.ones(rows, dtype=np.bool_), had, label
    values = _flat(treatment, rows)
    levels = np.unique(values)
    without = _named(levels, control)
    others = levels[levels != without]
    if treated is None and len(others) != 1:
        raise BadTreatment(why=f"it is open which arm to hold against {control!r}; say treated={_listed(others)}")
    label = others[0] if treated is None else _named(levels, treated)
    if label == without:
        raise BadTreatment(why=f"{control!r} is both the treatment and the control")
    kept = (values == label) | (values == without)
    return kept, values[kept] == label, label.item()


def enough(had: Bools, least: int) -> None:
    """Nothing, if there are `least` customers with and without the treatment. Raises `predict.bad_treatment`."""
    n1 = int(had.sum())
    n0 = len(had) - n1
    if min(n1, n0) < least:
        raise BadTreatment(why=f"{n1} were treated and {n0} were not; at least {least} of each are needed")


def two_levels(treatment: Any, rows: int, treated: Any = None) -> Bools:
    """Who was treated, as `who_was_treated` reads it. Raises `predict.bad_treatment`."""
    return who_was_treated(treatment, rows, treated)[0]


def outcomes(outcome: Any, rows: int) -> Floats:
    """The outcome as numbers; yes and no, true and false are 1 and 0. Raises `predict.bad_treatment`."""
    values = one_column(outcome)
    if values.shape != (rows,):
        raise BadTreatment(why=f"{rows} customers, but outcomes of shape {values.shape}")
    try:
        found: Floats = values.astype(np.float64)
    except (TypeError, ValueError):
        found = _yes_or_no(values)
    if not bool(np.all(np.isfinite(found))):
        raise BadTreatment(why="an outcome is missing or no number")
    return found


def shares(propensity: Any, rows: int) -> Floats:
    """The chance of treatment of each customer, from one number or one each. Raises `predict.bad_treatment`."""
    try:
        given = np.asarray(propensity, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise BadTreatment(why="a propensity is no number") from error
    if given.shape not in ((), (rows,)):
        raise BadTreatment(why=f"{rows} customers, but propensities of shape {given.shape}")
    if not bool(np.all((given >= 0.001) & (given <= 0.999))):
        raise BadTreatment(why="a propensity is not between 0.001 and 0.999")
    return np.broadcast_to(given, (rows,)).copy()


def fitting(share: Floats, had: Bools) -> Floats:
    """The same chances of treatment, if as many were treated as they say: within five standard errors or .01.

    Raises `predict.bad_treatment`: no effect can be read with chances that are not those of the lottery.
    """
    away = float(np.mean(had - share))
    wide = float(np.sqrt(np.sum(share * (1 - share)))) / max(len(share), 1)
    if abs(away) > max(_FAR * wide, _ROUNDED):
        told = f"it is {share.mean():.3g} on average, but {had.mean():.3g} of the customers were treated"
        raise BadTreatment(why=f"the chance of treatment given is not the one it was drawn with: {told}")
    return share


def scores_of(scores: Any, rows: int, what: str = "scores") -> Floats:
    """One number per customer. Raises `predict.bad_treatment`."""
    try:
        found = np.asarray(scores, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise BadTreatment(why=f"the {what} are no numbers") from error
    if found.shape != (rows,):
        raise BadTreatment(why=f"{rows} customers, but {what} of shape {found.shape}")
    if not bool(np.all(np.isfinite(found))):
        raise BadTreatment(why=f"one of the {what} is missing")
    return found


def _flat(treatment: Any, rows: int) -> Any:
    """Labels as numbers or texts. Missing ones are refused: nobody can tell what was done."""
    values = one_column(treatment)
    if values.shape != (rows,):
        raise BadTreatment(why=f"{rows} customers, but treatments of shape {values.shape}")
    if values.dtype.kind == "O":
        if any(each is None or _is_missing(each) for each in values.tolist()):
            raise BadTreatment(why="a treatment is missing; write none where nothing was done")
        numbers = all(isinstance(each, int | float | np.number | np.bool_) for each in values.tolist())
        values = values.astype(np.float64) if numbers else values.astype(np.str_)
    if values.dtype.kind == "f" and bool(np.isnan(values).any()):
        raise BadTreatment(why="a treatment is missing; write none where nothing was done")
    return values


def one_column(values: Any) -> Any:
    """A column as an array: a list, a series, an array, or a frame that has only this column."""
    try:
        found = np.asarray(values)
    except (TypeError, ValueError):
        found = eager(values, BadTreatment).to_numpy()  # only a frame that numpy cannot read
    return found[:, 0] if found.ndim == 2 and found.shape[1] == 1 else found


def _listed(levels: Any) -> str:
    """The levels, if they are few: a column of something else is not shown."""
    return f" ({', '.join(repr(each) for each in levels.tolist())})" if 2 < len(levels) <= _FEW_ARMS else ""


def _is_missing(value: Any) -> bool:
    try:
        return bool(value != value)
    except TypeError:  # pandas.NA says neither
        return True


def _treatment_of(levels: Any) -> Any:
    one, other = levels
    if levels.dtype.kind in "biuf":
        return one if other == 0 else other
    texts = [str(each) for each in levels.tolist()]
    plain = [_is_control(texts[0], texts[1]), _is_control(texts[1], texts[0])]
    if plain[0] == plain[1]:
        number = [_number(each) for each in texts]
        if None not in number and levels.dtype.kind == "U":
            return max(levels, key=lambda each: float(str(each)))
        raise BadTreatment(why=f"it is open which of {texts[0]!r} and {texts[1]!r} is the treatment; say treated=")
    return other if plain[0] else one


def _is_control(label: str, rival: str) -> bool:
    words = _words(label)
    if not words:
        return True
    whole, against = "".join(words), "".join(_words(rival))
    return (
        whole in _CONTROL
        or words[0] in _CONTROL
        or bool(_ANYWHERE.intersection(words))
        or "holdout" in whole
        or _number(label) == 0
        or (whole, against) in _PAIRS
        or any(whole == prefix + against for prefix in _DENIES)
    )


def _words(label: str) -> list[str]:
    return re.findall(r"[^\W_]+", label.casefold())


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _named(levels: Any, treated: Any) -> Any:
    found = [each for each in levels if each.item() == treated or str(each) == str(treated)]
    if len(found) != 1:
        raise BadTreatment(why=f"nobody, or everybody, has the treatment {treated!r}")
    return found[0]


def _yes_or_no(values: Any) -> Floats:
    texts = [str(each).strip().casefold() for each in values.tolist()]
    unknown = next((each for each in texts if each not in _YES), None)
    if unknown is not None:
        raise BadTreatment(why="an outcome is missing, or neither a number nor yes or no")
    return np.array([_YES[each] for each in texts])
