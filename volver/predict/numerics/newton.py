"""Maximum likelihood by damped Newton steps on the logarithms of the parameters.

Pure numerics. A model hands over a function that gives the log-likelihood, its gradient and its Hessian; back comes
the best point, what is known about it, and whether the data could tell (else a weak prior did).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from volver.predict.numerics.arrays import Floats

Likelihood = Callable[[Floats], tuple[float, Floats, Floats]]

_STEP: Final = 2.0  # longest step, in logs
_STEPS: Final = 100
_FLAT: Final = 1e-3  # an eigenvalue of the information below this: the data do not tell
_FAR: Final = 7.0  # this far from the centre, in logs, is running away


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """Independent normals on the log-parameters: centre and standard deviation."""

    centre: Floats
    deviation: Floats

    def __call__(self, likelihood: Likelihood) -> Likelihood:
        """The likelihood with this prior added (up to a constant)."""

        def penalised(theta: Floats) -> tuple[float, Floats, Floats]:
            value, gradient, hessian = likelihood(theta)
            off = (theta - self.centre) / self.deviation
            value -= 0.5 * float(off @ off)
            return value, gradient - off / self.deviation, hessian - np.diag(self.deviation**-2.0)

        return penalised


@dataclass(frozen=True, slots=True, kw_only=True)
class Maximum:
    """Where the likelihood is highest, in log-parameters."""

    theta: Floats
    value: float  # the log-likelihood itself, without the prior
    information: Floats  # minus the Hessian of what was maximised
    converged: bool
    identified: bool
    with_prior: bool
    steps: int

    @property
    def covariance(self) -> Floats:
        """Of the log-parameters (Laplace); directions that the data leave flat are held at variance 1 / 0.001."""
        values, vectors = np.linalg.eigh(self.information)
        found: Floats = (vectors / np.maximum(values, _FLAT)) @ vectors.T
        return found


def maximise(likelihood: Likelihood, start: Floats, weight: float, prior: Prior, with_prior: bool | None) -> Maximum:
    """Find the maximum from `start`; `weight` is the number of customers.

    `with_prior=None` tries without and falls back on the prior where the data do not identify the parameters.
    """
    if with_prior is not True:
        found = _climbed(likelihood, start, weight, prior.centre)
        if with_prior is False or (found.identified and found.converged):
            return found
    found = _climbed(prior(likelihood), start, weight, prior.centre)
    value = likelihood(found.theta)[0]
    return Maximum(
        theta=found.theta,
        value=value,
        information=found.information,
        converged=found.converged,
        identified=found.identified,
        with_prior=True,
        steps=found.steps,
    )


def crossed(one: Floats, other: Floats) -> Floats:
    """Sums over rows (the last axis) and any axes between of every product of two columns: shape (columns, columns).

    In pieces that OpenBLAS keeps on one thread: for a handful of columns, two threads only get in each other's way.
    """
    columns = len(one)
    ahead, behind = (each.reshape(columns, -1, each.shape[-1]).transpose(1, 0, 2) for each in (one, other))
    found: Floats = np.matmul(ahead, behind.transpose(0, 2, 1)).sum(axis=0)
    return found


def _climbed(function: Likelihood, start: Floats, weight: float, centre: Floats) -> Maximum:
    theta = np.array(start, dtype=np.float64)
    value, gradient, hessian = function(theta)
    converged, steps = False, 0
    for steps in range(1, _STEPS + 1):  # noqa: B007  (the count is part of the answer)
        if float(np.max(np.abs(gradient))) <= 1e-9 * max(weight, 1.0):
            converged = True
            break
        step = _step(gradient, hessian)
        ahead = _ahead(function, theta, value, step, float(gradient @ step))
        if ahead is None:  # no step improves: as good as the arithmetic allows
            converged = float(np.max(np.abs(gradient))) <= 1e-5 * max(weight, 1.0)
            break
        theta, value, gradient, hessian = ahead
        if float(np.max(np.abs(theta - centre))) > 3 * _FAR:
            break
    lowest = float(np.linalg.eigvalsh(-hessian)[0])
    return Maximum(
        theta=theta,
        value=value,
        information=-hessian,
        converged=converged,
        identified=lowest > _FLAT and float(np.max(np.abs(theta - centre))) < _FAR,
        with_prior=False,
        steps=steps,
    )


def _step(gradient: Floats, hessian: Floats) -> Floats:
    """Newton's step with the curvature floored to be a way up, and no parameter moved by more than e^2."""
    values, vectors = np.linalg.eigh(-hessian)
    floor = max(1e-6 * float(np.max(np.abs(values))), 1e-12)
    step: Floats = vectors @ ((vectors.T @ gradient) / np.maximum(np.abs(values), floor))
    longest = float(np.max(np.abs(step)))
    return step * (_STEP / longest) if longest > _STEP else step


def _ahead(
    function: Likelihood, theta: Floats, value: float, step: Floats, slope: float
) -> tuple[Floats, float, Floats, Floats] | None:
    scale = 1.0
    for _ in range(30):
        candidate = theta + scale * step
        found = function(candidate)
        slack = 1e-13 * abs(value)
        if np.isfinite(found[0]) and found[0] >= value + 1e-4 * scale * slope - slack and np.all(np.isfinite(found[2])):
            return None if scale * slope < slack and found[0] <= value else (candidate, *found)
        scale /= 2
    return None
