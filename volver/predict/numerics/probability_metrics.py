"""How good chances were: whether they ranked, what they lost, and whether 30 % came true 30 times in a hundred.

Pure numerics over two columns, the chance that was said and whether it came.
"""

from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np

from volver.core import VolverError
from volver.predict.numerics.arrays import Floats
from volver.predict.numerics.metrics import Z90, ranks

_LEAST: Final = 1e-6  # no chance is taken to be nearer to 0 or 1: a single miss may not outweigh everything
_THIN: Final = 20  # rows of a bin, at least


class BadChances(VolverError):
    """Chances that cannot be held against what came."""

    code = "predict.bad_chances"
    says = "These chances cannot be held against what came: {why}."
    hint = "Give one chance between 0 and 1 per row, and 1 or 0 for whether it came."


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Rows of about the same chance: how many, their mean chance, the share that came, and its 90 % interval."""

    n: int
    predicted: float
    came: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """How far chances came true, over `n` rows of which `events` came; `rate_…` is what saying `came` to all loses.

    `predicted` is the mean chance, `came` the share that came; `brier` (1950) the mean squared error, `log_loss` the
    mean -ln of what was said of what came, in nats; `ece` the mean distance of `predicted` from `came` over `bins`;
    `auc` None where only one outcome came.
    """

    n: int
    events: int
    predicted: float
    came: float
    auc: float | None
    brier: float
    log_loss: float
    rate_brier: float
    rate_log_loss: float
    ece: float
    bins: tuple[Bin, ...]

    @property
    def worst_bin(self) -> float:
        """The largest distance between said and come over the bins."""
        return max(abs(each.predicted - each.came) for each in self.bins)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self) | {"worst_bin": self.worst_bin, "bins": [asdict(each) for each in self.bins]}


def reliability(p: Any, came: Any, bins: int = 10) -> Reliability:
    """Hold chances against what came (1 or 0), in bins of equal counts as far as ties allow, least chance first.

    Rows without a chance (NaN) are left out. There are fewer bins where one would have less than 20 rows. Raises
    `predict.bad_chances`.
    """
    p, came = _pair(p, came)
    order = np.argsort(p, kind="stable")
    p, came = p[order], came[order]
    wanted = min(bins, max(1, len(p) // _THIN))
    inner = p[(np.arange(1, wanted) * len(p)) // wanted]
    edges = np.unique(np.concatenate([[0], np.searchsorted(p, np.unique(inner)), [len(p)]])).astype(np.int64)
    table = tuple(_bin(p[begin:end], came[begin:end]) for begin, end in pairwise(edges.tolist()))
    rate = float(came.mean())
    return Reliability(
        n=len(p),
        events=int(came.sum()),
        predicted=float(p.mean()),
        came=rate,
        auc=auc(p, came),
        brier=float(np.mean((p - came) ** 2)),
        log_loss=log_loss(p, came),
        rate_brier=rate * (1 - rate),
        rate_log_loss=log_loss(np.full(len(p), rate), came),
        ece=sum(each.n * abs(each.predicted - each.came) for each in table) / len(p),
        bins=table,
    )


def auc(score: Any, came: Any) -> float | None:
    """Chance that one that came is ranked above one that did not, ties half (Mann and Whitney 1947).

    None where there is only one kind.
    """
    came = np.asarray(came, dtype=np.float64)
    yes = float(came.sum())
    no = len(came) - yes
    if not yes or not no:
        return None
    return float((ranks(np.asarray(score)) @ came - yes * (yes + 1.0) / 2.0) / (yes * no))


def log_loss(p: Floats, came: Floats) -> float:
    """Mean negative log-likelihood of what came (1 or 0), in nats; 0 for no rows."""
    kept = np.clip(p, _LEAST, 1.0 - _LEAST)
    return float(-np.sum(np.where(came > 0, np.log(kept), np.log1p(-kept)))) / max(len(p), 1)


def wilson(events: float, n: int, z: float = Z90) -> tuple[float, float]:
    """The interval of a share, 90 % unless `z` says otherwise (Wilson 1927, equation 4); all of 0 to 1 for no rows."""
    if not n:
        return 0.0, 1.0
    rate, wide = events / n, z * z / n
    centre = (rate + wide / 2) / (1 + wide)
    half = z * float(np.sqrt(rate * (1 - rate) / n + wide / (4 * n))) / (1 + wide)
    return max(0.0, centre - half), min(1.0, centre + half)


def _bin(p: Floats, came: Floats) -> Bin:
    low, high = wilson(float(came.sum()), len(came))
    return Bin(n=len(p), predicted=float(p.mean()), came=float(came.mean()), low=low, high=high)


def _pair(p: Any, came: Any) -> tuple[Floats, Floats]:
    try:
        p, came = np.asarray(p, dtype=np.float64), np.asarray(came, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise BadChances(why="something is no number") from error
    if p.ndim != 1 or p.shape != came.shape:
        raise BadChances(why=f"chances of shape {p.shape}, outcomes of shape {came.shape}")
    kept = ~np.isnan(p)
    p, came = p[kept], came[kept]
    if not len(p):
        raise BadChances(why="there is none")
    if not bool(np.all((p >= 0) & (p <= 1))):
        raise BadChances(why="one is not between 0 and 1")
    if not bool(np.all((came == 0) | (came == 1))):
        raise BadChances(why="an outcome is neither 1 nor 0")
    return p, came
