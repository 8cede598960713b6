"""The laws' log-likelihoods of each row for parameters of its own, with derivatives.

Pure numerics. Where customers differ in what is known of them, alpha, beta, a and b differ from row to row. Each
function takes four predictors a row and gives log-likelihood (n,), gradient (4, n) and Hessian (4, 4, n) in them.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from scipy.special import betaln, digamma, expit, gammaln, polygamma

from volver.predict.laws.history import Histories
from volver.predict.laws.pareto import reach_of
from volver.predict.numerics.arrays import Floats

Terms = tuple[Floats, Floats, Floats]
RowTerms = Callable[[Floats, Floats, Floats, Floats], Terms]  # predictors (4, n), x, t_x, T

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(32)
_BLOCK: Final = 4_000
_SYMMETRIC: Final = [(i, j) for i in range(4) for j in range(i)]


class RowLikelihood:
    """Log-likelihood, gradient and Hessian of four bases and of the coefficients that move some of the predictors.

    `moves` names, for each set of coefficients, which predictor it moves and in which direction; `z` is (n_rows,
    n_columns).
    """

    def __init__(self, terms: RowTerms, known: Histories, z: Floats, moves: Sequence[tuple[int, float]]) -> None:
        self.terms, self.known, self.z, self.moves = terms, known, z, moves
        self.owners = [0, 1, 2, 3] + [at for at, _ in moves]
        ends = np.cumsum([0, 1, 1, 1, 1] + [z.shape[1]] * len(moves)).tolist()
        self.places = [slice(begin, end) for begin, end in pairwise(ends)]

    def __call__(self, theta: Floats) -> tuple[float, Floats, Floats]:
        """At four bases and the coefficients: value, (k,), (k, k)."""
        value, gradient, hessian = 0.0, np.zeros(len(theta)), np.zeros((len(theta), len(theta)))
        with np.errstate(all="ignore"):
            for begin in range(0, len(self.z), _BLOCK):
                value += self._block(slice(begin, begin + _BLOCK), theta, gradient, hessian)
        return value, gradient, hessian

    def _block(self, rows: slice, theta: Floats, gradient: Floats, hessian: Floats) -> float:
        known, z, n = self.known, self.z[rows], self.known.n[rows]
        u = predictors(theta, z, self.moves)
        value, first, second = self.terms(u, known.x[rows], known.t_x[rows], known.T[rows])
        columns = [np.ones((len(z), 1))] * 4 + [sign * z for _, sign in self.moves]
        for i, (owner, place) in enumerate(zip(self.owners, self.places, strict=True)):
            gradient[place] += columns[i].T @ (n * first[owner])
            for j in range(i + 1):
                part = columns[i].T @ ((n * second[owner, self.owners[j]])[:, None] * columns[j])
                hessian[place, self.places[j]] += part
                if i != j:
                    hessian[self.places[j], place] += part.T
        return float(n @ value)


def predictors(theta: Floats, z: Floats, moves: Sequence[tuple[int, float]]) -> Floats:
    """The four predictors of each row, shape (4, n_rows)."""
    u = np.repeat(theta[:4, None], len(z), axis=1)
    size = z.shape[1]
    for i, (at, sign) in enumerate(moves):
        u[at] += sign * (z @ theta[4 + i * size : 4 + (i + 1) * size])
    return u


def pareto_logs(r: float, alpha: Floats, s: float, beta: Floats, x: Floats, t_x: Floats, age: Floats) -> Terms:
    """Logs of: being alive (n,), having stopped at each node (32, n); and the nodes' times (32, n).

    v = ln((c+u) / (c+t_x)), c = min(alpha, beta), for alpha and beta of each row.
    """
    c = np.minimum(alpha, beta)
    reach, _ = reach_of(r, alpha, s, beta, x, t_x, age)
    v = 0.5 * (_NODES[:, None] + 1.0) * reach
    u = t_x + (c + t_x) * np.expm1(v)
    with np.errstate(divide="ignore"):
        scale = np.log(0.5 * reach * s) + np.log(c + t_x)
    gone = -(r + x) * np.log(alpha + u) - (s + 1.0) * np.log(beta + u) + v + scale + np.log(_WEIGHTS)[:, None]
    alive = -(r + x) * np.log(alpha + age) - s * np.log(beta + age)
    return alive, gone, u


def pareto_alive(r: float, alpha: Floats, s: float, beta: Floats, x: Floats, t_x: Floats, age: Floats) -> Floats:
    """P(alive) of each row."""
    alive, gone, _ = pareto_logs(r, alpha, s, beta, x, t_x, age)
    top = np.maximum(alive, gone.max(axis=0))
    here = np.exp(alive - top)
    found: Floats = here / (here + np.exp(gone - top).sum(axis=0))
    return found


def pareto_terms(u: Floats, x: Floats, t_x: Floats, age: Floats) -> Terms:
    """Pareto/NBD in (log r, log alpha, log s, log beta); the identity of Louis (1982) as in `pareto`."""
    r, alpha, s, beta = natural = np.exp(u)
    alive, gone, when = pareto_logs(r, alpha, s, beta, x, t_x, age)
    logs, when = np.vstack([gone, alive]), np.vstack([when, age])
    top = logs.max(axis=0)
    share = np.exp(logs - top)
    whole = share.sum(axis=0)
    share /= whole
    value: Floats = gammaln(r + x) - gammaln(r) + r * u[1] + s * u[3] + top + np.log(whole)
    stopped = np.ones((len(when), 1))
    stopped[-1] = 0.0
    near, far = 1.0 / (alpha + when), 1.0 / (beta + when)
    first = [-np.log(alpha + when), -(r + x) * near, stopped / s - np.log(beta + when), -(s + stopped) * far]
    means = [np.sum(share * one, axis=0) for one in first]
    gradient = np.array(
        [means[0] + digamma(r + x) - digamma(r) + u[1], means[1] + r / alpha, means[2] + u[3], means[3]]
    )
    gradient[3] += s / beta
    hessian = np.zeros((4, 4, len(x)))
    for i, one in enumerate(first):
        for j in range(i + 1):
            hessian[i, j] = np.sum(share * one * first[j], axis=0) - means[i] * means[j]
    hessian[0, 0] += polygamma(1, r + x) - polygamma(1, r)
    hessian[1, 0] += 1.0 / alpha - np.sum(share * near, axis=0)
    hessian[3, 2] += 1.0 / beta - np.sum(share * far, axis=0)
    hessian[1, 1] += np.sum(share * (r + x) * near**2, axis=0) - r / alpha**2
    hessian[2, 2] -= np.sum(share * stopped, axis=0) / s**2
    hessian[3, 3] += np.sum(share * (s + stopped) * far**2, axis=0) - s / beta**2
    return _in_logs(value, gradient, hessian, natural)


def betageometric_terms(u: Floats, x: Floats, t_x: Floats, age: Floats, first_chances: int) -> Terms:
    """(M)BG/NBD in (log r, log alpha, logit of the mean chance to stop, log precision): a + b is the precision."""
    mean, precision = expit(u[2]), np.exp(u[3])
    a, b = np.maximum(precision * mean, 1e-300), np.maximum(precision * expit(-u[2]), 1e-300)
    natural = np.array([np.exp(u[0]), np.exp(u[1]), a, b])
    value, gradient, hessian = _beta_natural(natural, x, t_x, age, first_chances)
    swing = precision * mean * expit(-u[2])
    turn = np.zeros((4, 4, len(x)))  # d natural / d predictor
    turn[0, 0], turn[1, 1] = natural[0], natural[1]
    turn[2, 2], turn[3, 2], turn[2, 3], turn[3, 3] = swing, -swing, a, b
    found = np.einsum("ikn,ijn,jln->kln", turn, hessian, turn, optimize=True)
    found[0, 0] += gradient[0] * natural[0]
    found[1, 1] += gradient[1] * natural[1]
    found[2, 2] += (gradient[2] - gradient[3]) * swing * (1.0 - 2.0 * mean)
    both = (gradient[2] - gradient[3]) * swing
    found[2, 3] += both
    found[3, 2] += both
    found[3, 3] += gradient[2] * a + gradient[3] * b
    return value, np.einsum("ikn,in->kn", turn, gradient), found


def _beta_natural(natural: Floats, x: Floats, t_x: Floats, age: Floats, m: int) -> Terms:
    """In (r, alpha, a, b); the same expression as in `betageometric`, row by row."""
    r, alpha, a, b = natural
    end, shape = b + x + m, r + x
    now, last = 1.0 / (alpha + age), 1.0 / (alpha + t_x)
    silence = np.log1p((age - t_x) * last)
    possible = np.ones(len(x), bool) if m else x > 0
    chances = np.where(possible, b + x - 1.0 + m, 1.0)
    odds = np.where(possible, np.log(a) - np.log(chances) + shape * silence, -np.inf)
    gone = expit(odds)
    value = gammaln(shape) - gammaln(r) + r * np.log(alpha) + betaln(a, end) - betaln(a, b)
    value = value + np.logaddexp(0.0, odds) + shape * np.log(now)
    stay, bend = digamma(a + b) - digamma(a + end), polygamma(1, a + b) - polygamma(1, a + end)
    first = np.array([silence, shape * (now - last), 1.0 / a, np.where(possible, -1.0 / chances, 0.0)])
    gradient = gone * first + np.array(
        [
            digamma(shape) - digamma(r) + np.log(alpha) + np.log(now),
            r / alpha - shape * now,
            stay,
            digamma(end) - digamma(b) + stay,
        ]
    )
    hessian: Floats = gone * (1.0 - gone) * first[:, None] * first[None, :]
    hessian[0, 0] += polygamma(1, shape) - polygamma(1, r)
    bent = gone * (now - last) - now + 1.0 / alpha
    hessian[0, 1] += bent
    hessian[1, 0] += bent
    hessian[1, 1] += gone * shape * (last**2 - now**2) + shape * now**2 - r / alpha**2
    hessian[2:, 2:] += bend
    hessian[2, 2] -= gone / a**2
    hessian[3, 3] += np.where(possible, gone / chances**2, 0.0) + polygamma(1, end) - polygamma(1, b)
    return value, gradient, hessian


def _in_logs(value: Floats, gradient: Floats, hessian: Floats, natural: Floats) -> Terms:
    """From derivatives in the parameters (lower triangle) to derivatives in their logarithms (whole)."""
    for i, j in _SYMMETRIC:
        hessian[j, i] = hessian[i, j]
    gradient *= natural
    hessian *= natural[:, None] * natural[None, :]
    for i in range(4):
        hessian[i, i] += gradient[i]
    return value, gradient, hessian
