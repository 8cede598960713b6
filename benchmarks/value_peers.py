"""The same work as benchmarks/value.py gives to Volver, done by a peer: run by the interpreter that has the peer.

Run: PYTHON benchmarks/value_peers.py TASK FOLDER. TASK is lifetimes, lifetimes-pareto, pymc-map or pymc-nuts; FOLDER
holds one .npy file a column (x, t_x, T in days; mean in money). Prints one JSON object: seconds and CPU-seconds of each
step, and what was learned. Nothing of Volver is imported here.
"""

import json
import resource
import sys
import time
import warnings
from pathlib import Path

import numpy as np

warnings.simplefilter("ignore")


class Watch:
    def __init__(self) -> None:
        self.steps: dict[str, list[float]] = {}
        self.learned: dict[str, dict[str, float]] = {}

    def timed(self, name: str, work) -> object:
        wall, cpu = time.perf_counter(), spent()
        found = work()
        self.steps[name] = [time.perf_counter() - wall, spent() - cpu]
        return found

    def told(self, **more) -> str:
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        return json.dumps({"steps": self.steps, "learned": self.learned, "rss_gb": memory, **more})


def spent() -> float:
    """CPU-seconds of this process and of those it started and waited for."""
    own, others = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime


def columns(folder: Path) -> list[np.ndarray]:
    return [np.load(folder / f"{name}.npy").astype(float) for name in ("x", "t_x", "T", "mean")]


def lifetimes(folder: Path) -> str:
    from lifetimes import BetaGeoFitter, GammaGammaFitter, __version__

    x, t_x, age, mean = columns(folder)
    t_x, age = t_x / 7, age / 7  # it counts in weeks
    watch, model, gamma, again = Watch(), BetaGeoFitter(), GammaGammaFitter(), x > 0
    watch.timed("BG/NBD fit", lambda: model.fit(x, t_x, age))
    watch.timed("Gamma-Gamma fit", lambda: gamma.fit(x[again], mean[again]))

    def ask() -> float:
        alive = model.conditional_probability_alive(x, t_x, age)
        orders = model.conditional_expected_number_of_purchases_up_to_time(39, x, t_x, age)
        return float(np.sum(orders)) + 0.0 * float(np.sum(alive))

    def value() -> float:
        import pandas as pd

        given = [pd.Series(column) for column in (x, t_x, age, mean)]
        monthly = 1.1 ** (1 / 12) - 1
        return float(gamma.customer_lifetime_value(model, *given, time=12, discount_rate=monthly, freq="W").sum())

    orders = watch.timed("P(alive), orders in 39 weeks", ask)
    worth = watch.timed("discounted value of 12 months", value)
    a = {name: float(found) for name, found in model.params_.items()}
    watch.learned = {"BG/NBD": {**a, "alpha": a["alpha"] * 7}, "orders": {"sum": orders}, "value": {"sum": worth}}
    return watch.told(version=__version__)


def lifetimes_pareto(folder: Path) -> str:
    from lifetimes import ParetoNBDFitter, __version__

    x, t_x, age, _ = columns(folder)
    watch, model = Watch(), ParetoNBDFitter()
    watch.timed("Pareto/NBD fit", lambda: model.fit(x, t_x / 7, age / 7))
    a = {name: float(found) for name, found in model.params_.items()}
    watch.learned = {"Pareto/NBD": {**a, "alpha": a["alpha"] * 7, "beta": a["beta"] * 7}}
    return watch.told(version=__version__)


def pymc(folder: Path, method: str) -> str:
    import pandas as pd
    import pymc_marketing
    from pymc_marketing import clv

    x, t_x, age, _ = columns(folder)
    frame = pd.DataFrame({"customer_id": np.arange(len(x)), "frequency": x, "recency": t_x / 7, "T": age / 7})
    watch = Watch()
    kinds = (
        {"BG/NBD": clv.BetaGeoModel}
        if method == "mcmc"
        else {"BG/NBD": clv.BetaGeoModel, "Pareto/NBD": clv.ParetoNBDModel}
    )
    for name, kind in kinds.items():
        more = {"chains": 4, "cores": 2, "random_seed": 1} if method == "mcmc" else {}
        for run in ("first", "again") if method == "map" else ("",):  # the first compiles to C, if no cache has it
            model = kind(data=frame)
            label = f"{name} fit{' ' if run else ''}{run}"
            watch.timed(label, lambda model=model, more=more: model.fit(method=method, progressbar=False, **more))
        found = {each: float(model.idata.posterior[each].mean()) for each in model.idata.posterior.data_vars}
        times = ("alpha", "beta")
        watch.learned[name] = {each: value * 7 if each in times else value for each, value in found.items()}
    return watch.told(version=pymc_marketing.__version__)


if __name__ == "__main__":
    task, where = sys.argv[1], Path(sys.argv[2])
    work = {
        "lifetimes": lambda: lifetimes(where),
        "lifetimes-pareto": lambda: lifetimes_pareto(where),
        "pymc-map": lambda: pymc(where, "map"),
        "pymc-nuts": lambda: pymc(where, "mcmc"),
    }
    sys.stdout.write("\n" + work[task]() + "\n")
