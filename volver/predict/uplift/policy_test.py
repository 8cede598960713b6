"""Is targeting by uplift proven, by how much, and what should be done if it is not.

Pure numerics over `Tried`: every comparison is of two policies on the same customers, so that only where they differ
counts. The interval of the winner allows for having chosen it among several.
"""

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from volver.core import Words
from volver.predict.numerics.arrays import Floats
from volver.predict.uplift.cross_fitting import OUTCOME, SIMPLE, Tried
from volver.predict.uplift.evaluation import EffectEstimate, estimated, ranking

NONE: Final = "treat nobody"
ALL: Final = "treat everybody"
RANDOM: Final = "random order"
UPLIFT: Final = "uplift"
_DOUBT: Final = 0.05  # the chance of calling something proven that is not
_DRAWS: Final = 20_000


@dataclass(frozen=True, kw_only=True)
class Difference:
    """How much more a policy brings than another per customer, and the least it brings with 95 % confidence."""

    value: float
    se: float
    least: float

    @property
    def proven(self) -> bool:
        """Whether even the least is more than nothing."""
        return self.se > 0 and self.least > 0

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"value": self.value, "se": self.se, "least": self.least, "proven": self.proven}


@dataclass(frozen=True, kw_only=True)
class PolicyChoice:
    """What was tried, how each did on customers it had not seen, what was chosen and why.

    `objective` is "net" (value brought less cost, per customer, above treating nobody) or "ranking" (doubly robust Qini
    area). `against` compares the chosen learner with each rival. `policy` is what `treat` follows.
    """

    objective: str
    chosen: str
    tried: dict[str, EffectEstimate]
    rivals: dict[str, EffectEstimate]
    against: dict[str, Difference]
    proven: bool
    policy: str
    why: Words
    remarks: tuple[Words, ...] = field(default_factory=tuple)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "objective": self.objective,
            "chosen": self.chosen,
            "tried": {name: each.to_dict() for name, each in self.tried.items()},
            "rivals": {name: each.to_dict() for name, each in self.rivals.items()},
            "against": {name: each.to_dict() for name, each in self.against.items()},
            "proven": self.proven,
            "policy": self.policy,
            "why": str(self.why),
            "remarks": [str(each) for each in self.remarks],
        }


def judged(tried: Tried, objective: str, value: float, cost: float, seed: int, *, random: bool = True) -> PolicyChoice:
    """Choose the best candidate for an objective and hold it against every rival."""
    by_net = _net(tried, value, cost)
    by_rank = _ranked(tried, value) if objective == "ranking" else by_net
    ours, rivals = by_rank
    chosen = max(ours, key=lambda name: ours[name].value)
    against = {name: _difference(ours, chosen, each, seed) for name, each in rivals.items()}
    proven = random and all(each.proven for each in against.values())
    policy = UPLIFT if proven and objective == "net" else _policy(by_net, chosen if objective == "net" else None, seed)
    return PolicyChoice(
        objective=objective,
        chosen=chosen,
        tried=ours,
        rivals=rivals,
        against=against,
        proven=proven,
        policy=policy,
        why=_why(chosen, rivals, against, proven, policy, random),
    )


def _net(tried: Tried, value: float, cost: float) -> tuple[dict[str, EffectEstimate], dict[str, EffectEstimate]]:
    """What each candidate and each rival brings per customer above treating nobody."""
    gain = value * tried.psi - cost

    def brings(uplift: Floats) -> EffectEstimate:
        return estimated(np.where(value * uplift > cost, gain, 0.0))

    rivals = {NONE: estimated(np.zeros(len(gain))), ALL: estimated(gain)}
    rivals |= {name: brings(uplift) for name, uplift in tried.rivals.items()}
    return {name: brings(uplift) for name, uplift in tried.candidates.items()}, rivals


def _ranked(tried: Tried, value: float) -> tuple[dict[str, EffectEstimate], dict[str, EffectEstimate]]:
    """How well each candidate and each rival ranks effects."""
    rivals = {RANDOM: estimated(np.zeros(len(tried.psi)))}
    rivals |= {name: ranking(score, value * tried.psi) for name, score in tried.scores.items()}
    return {name: ranking(uplift, value * tried.psi) for name, uplift in tried.candidates.items()}, rivals


def _difference(ours: dict[str, EffectEstimate], chosen: str, rival: EffectEstimate, seed: int) -> Difference:
    """The chosen one against a rival; the chosen was the best of several, which the interval allows for."""
    found = estimated(ours[chosen].parts - rival.parts)
    wide = _simultaneous(np.array([each.parts - rival.parts for each in ours.values()]), seed)
    return Difference(value=found.value, se=found.se, least=found.value - wide * found.se)


def _simultaneous(parts: Floats, seed: int) -> float:
    """How many standard errors the largest of several noisy nothings stays below with 95 % confidence."""
    away = parts - parts.mean(axis=1, keepdims=True)
    spread = np.sqrt(np.mean(away**2, axis=1))
    away, spread = away[spread > 0], spread[spread > 0]
    if not len(away):
        return np.inf
    alike = (away @ away.T) / parts.shape[1] / np.outer(spread, spread)
    values, vectors = np.linalg.eigh(alike)
    noise = np.random.default_rng(seed).standard_normal((_DRAWS, len(away)))
    drawn = (noise * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    return float(np.quantile(drawn.max(axis=1), 1 - _DOUBT))


def _policy(by_net: tuple[dict[str, EffectEstimate], dict[str, EffectEstimate]], chosen: str | None, seed: int) -> str:
    """The best of the policies that are surely better than treating all or nobody, or else the better of these."""
    ours, rivals = by_net
    best = chosen or max(ours, key=lambda name: ours[name].value)
    open_ = {UPLIFT: ours[best], OUTCOME: rivals[OUTCOME], SIMPLE: rivals[SIMPLE]}
    flat = ALL if rivals[ALL].value > 0 else NONE
    sure = [
        name
        for name in open_
        if all(_difference({**ours, **open_}, name, rivals[each], seed).proven for each in (NONE, ALL))
    ]
    return max(sure, key=lambda name: open_[name].value) if sure else flat


def _why(
    chosen: str,
    rivals: dict[str, EffectEstimate],
    against: dict[str, Difference],
    proven: bool,
    policy: str,
    random: bool,
) -> Words:
    rival = min(against, key=lambda name: against[name].value)
    facts = {"model": chosen, "rival": rival, "policy": policy, "tried": len(rivals)}
    if proven:
        text = "Proven: on customers it had not seen, {model} did better than {rival} and every other simple rule."
    elif not random:
        text = "Not proven: the treatment was not drawn at random, so other differences may explain what is seen."
    elif policy in (NONE, ALL):
        text = "Not proven: choosing whom to treat was not surely better than one rule for everyone: {policy}."
    elif policy == UPLIFT:
        text = "Not proven: targeting pays, but {model} was not surely better than {rival}. It is used for now."
    else:
        text = "Not proven: targeting pays, but nothing was surely better than {rival}. Use: {policy}."
    return Words(text, facts)
