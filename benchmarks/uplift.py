"""The Starbucks promotion: what each learner on each base brings on the test file, and what fitting it costs.

    python benchmarks/uplift.py [FOLDER] [--seeds 3]

`qini` is the area between the Qini curve and its chord over N² (times 10,000), `norm` the same over that of the perfect
order. `NIR` is net incremental revenue on the test file: 10 a purchase, 0.15 a promotion; the rule is uplift x 10 >
0.15, learned on the training file alone. Below stand rankings by predicted outcome at the depth they learned, and the
policy that `Uplift` chooses by cross-validation, over seeds. The exercise's reference strategy brings 189.45.
"""

import argparse
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from volver.core import clock
from volver.predict.uplift.base_learners import BASES
from volver.predict.uplift.baselines import OutcomeRanking
from volver.predict.uplift.evaluation import incremental, qini
from volver.predict.uplift.features import Features
from volver.predict.uplift.learners import LEARNERS, TwoModel, pseudo_effects
from volver.predict.uplift.targeting import Uplift

DATA = Path(__file__).parents[2] / "shared/data/starbucks_promotion"
VALUE, COST = 10.0, 0.15


def read(folder: Path, part: str):
    table = pq.read_table(folder / f"{part}.parquet")
    features = table.select([f"v{n}" for n in range(1, 8)])
    return features, table.column("promotion").to_numpy(), table.column("purchase").to_numpy().astype(float)


def line(name: str, score, treat, t, y, cpu_s: float) -> None:
    area, norm, found = (
        qini(score, t, y),
        qini(score, t, y, normalised=True),
        incremental(treat, t, y, value=VALUE, cost=COST),
    )
    share = np.mean(treat)
    print(f"{name:<34} {1e4 * area:7.2f} {norm:7.4f} {share:6.1%} {found.net:9.1f} {cpu_s:8.2f}")


def main(folder: Path, seeds: int) -> None:
    if not (folder / "train.parquet").exists():
        print(f"Nothing to measure: {folder.name} is not there. Name the folder with train.parquet and test.parquet.")
        return
    (X, t, y), (new, sent, bought) = read(folder, "train"), read(folder, "test")
    TwoModel(base="boosted").fit(X.slice(0, 2000), t[:2000], y[:2000])  # imports are nobody's fitting time
    print(f"{'':<34} {'qini':>7} {'norm':>7} {'share':>6} {'NIR':>9} {'CPU-s':>8}")
    everyone = np.ones(len(bought), dtype=bool)
    line("everybody", np.zeros(len(bought)), everyone, sent, bought, 0.0)
    for base in BASES:
        for name, learner in LEARNERS.items():
            began = clock.cpu_s()
            model = learner(base).fit(X, t, y, 0.5)
            took, uplift = clock.cpu_s() - began, model.predict_uplift(new)
            line(f"{name}, {base}", uplift, VALUE * uplift > COST, sent, bought, took)
    features = Features().fit(X)
    for base in BASES:
        began = clock.cpu_s()
        design, psi = features.transform(X), pseudo_effects(y - y.mean(), t > 0, np.full(len(y), 0.5))
        ranked = OutcomeRanking(bases=(base,)).fit(design, y, psi)
        took, asked = clock.cpu_s() - began, features.transform(new)
        treat = VALUE * ranked.predict_uplift(asked) > COST
        line(f"rank by predicted outcome, {base}", ranked.score(asked), treat, sent, bought, took)
    brought = []
    for seed in range(seeds):
        model = Uplift(value_per_outcome=VALUE, cost_per_treatment=COST, seed=seed).fit(X, t, y, propensity=0.5)
        treat = model.treat(new)
        brought.append(incremental(treat, sent, bought, value=VALUE, cost=COST).net)
        line(
            f"Uplift, seed {seed}: {model.choice_.policy}",
            model.predict_uplift(new),
            treat,
            sent,
            bought,
            model.fit_cpu_s_,
        )
    print(
        f"chosen policy over {seeds} seeds: "
        f"NIR {np.mean(brought):.1f}, sd {np.std(brought):.1f}, least {min(brought):.1f}"
    )
    print(str(model.verdict_))


if __name__ == "__main__":
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("folder", nargs="?", type=Path, default=DATA)
    given.add_argument("--seeds", type=int, default=3)
    asked = given.parse_args()
    main(asked.folder, asked.seeds)
