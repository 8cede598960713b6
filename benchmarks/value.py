"""How long the value models take: against a sort of the same histories, and against lifetimes and pymc-marketing.

    python benchmarks/value.py [customers] [--peers PYTHON] [--pymc PYTHON] [--cdnow CSV] [--many 10000000]

Customers are simulated by BG/NBD with the parameters of CDNOW, known for 1 to 104 weeks; all histories are whole days.
Prints seconds, CPU-seconds and ratios of one run. `--peers` is an interpreter that has lifetimes (0.11.3), `--pymc` one
that has pymc-marketing: they get the same columns as files, run one after another with ours before and after, on one
thread for linear algebra, and the better of our two runs counts. Neither is a dependency of Volver. `--many` fits that
many customers in processes of their own and prints their peak memory. The exit code is 1 if a bar is missed.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from volver.core import clock
from volver.predict import BGNBD, MBGNBD, CustomerWorth, GammaGamma, ParetoNBD, histories

BARS = {"whole pipeline": 50.0, "Pareto/NBD fit": 200.0}  # times lifetimes, at a million and at a hundred thousand
MOST_CPU_S = {"bg": 5.0, "pareto": 20.0}  # of ten million customers, the compression included
MOST_GB = 2.0
ASKED_CPU_S = 3.0  # for each question about a million customers
CDNOW = Path(__file__).parents[2] / "shared/data/clv/btyd_cdnowSummary_cbs.csv"
PEERS = Path(__file__).with_name("value_peers.py")
PIPELINE = ("BG/NBD fit", "Gamma-Gamma fit", "P(alive), orders in 39 weeks", "discounted value of 12 months")
TRUTH = BGNBD.of(r=0.243, alpha=7 * 4.414, a=0.793, b=2.426)
SPEND = GammaGamma.of(p=6.25, q=3.74, v=15.44)


class Watch:
    """Takes the time of steps."""

    def __init__(self) -> None:
        self.steps: dict[str, list[float]] = {}

    def timed(self, name: str, work) -> object:
        wall, cpu = clock.stopwatch_s(), clock.cpu_s()
        found = work()
        self.steps[name] = [clock.stopwatch_s() - wall, clock.cpu_s() - cpu]
        return found


# ---- the shop


def simulate(customers: int, folder: Path) -> None:
    """One file a column: x, t_x, T (whole days), and the mean of the later orders (else of the first)."""
    chance = np.random.default_rng(1)
    told = TRUTH.simulate(np.floor(chance.uniform(7, 729, customers)), seed=2)
    x, age = told.x[told.row_of], told.T[told.row_of]
    orders = np.maximum(x, 1.0)
    mean = chance.gamma(SPEND.p_ * orders) / chance.gamma(SPEND.q_, 1 / SPEND.v_, customers) / orders
    np.save(folder / "x.npy", x.astype(np.int32))
    np.save(folder / "t_x.npy", np.ceil(told.t_x)[told.row_of].astype(np.int32))
    np.save(folder / "T.npy", age.astype(np.int32))
    np.save(folder / "mean.npy", mean)


def cut(folder: Path, customers: int) -> Path:
    """The first so many customers, in a folder beside."""
    part = folder / str(customers)
    part.mkdir(exist_ok=True)
    for name in ("x", "t_x", "T", "mean"):
        np.save(part / f"{name}.npy", np.load(folder / f"{name}.npy")[:customers])
    return part


def cdnow(path: Path, folder: Path) -> Path:
    part = folder / "cdnow"
    part.mkdir()
    rows = np.genfromtxt(path, delimiter=",", skip_header=1, usecols=(1, 2, 3))
    for name, column in zip(("x", "t_x", "T", "mean"), [*(rows * [1, 7, 7]).T, np.ones(len(rows))], strict=True):
        np.save(part / f"{name}.npy", column)
    return part


# ---- ours, each task in a process of its own


def pipeline(folder: Path) -> dict:
    """What shops ask lifetimes for: both fits, P(alive) and orders, discounted value; the compression is in the fit."""
    x, t_x, age, mean = (np.load(folder / f"{name}.npy") for name in ("x", "t_x", "T", "mean"))
    watch = Watch()

    def learn() -> tuple:
        known = histories([x, t_x, age])
        return known, BGNBD().fit(known)

    known, model = watch.timed("BG/NBD fit", learn)
    gamma = watch.timed("Gamma-Gamma fit", lambda: GammaGamma().fit(x, np.where(x > 0, mean, 0.0)))
    _, orders = watch.timed(
        "P(alive), orders in 39 weeks", lambda: (model.p_alive(known), model.predict(known, "39 weeks"))
    )
    worth = watch.timed(
        "discounted value of 12 months",
        lambda: model.discounted_orders(known, "12 months", discount=0.1) * gamma.predict(x, mean),
    )
    learned = {"BG/NBD": model.parameters_, "orders": {"sum": orders.sum()}, "value": {"sum": worth.sum()}}
    return {"steps": watch.steps, "learned": learned}


def fit_one(folder: Path, kind: type, label: str) -> dict:
    x, t_x, age = (np.load(folder / f"{name}.npy") for name in ("x", "t_x", "T"))
    watch = Watch()
    known = watch.timed("compress", lambda: histories([x, t_x, age]))
    model = watch.timed("fit", lambda: kind().fit(known))
    watch.steps[f"{label} fit"] = [watch.steps["compress"][i] + watch.steps["fit"][i] for i in (0, 1)]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return {"steps": watch.steps, "learned": {label: model.parameters_}, "rss_gb": memory, "rows": len(known.x)}


TASKS = {
    "simulate": lambda folder, customers: simulate(customers, folder),
    "pipeline": lambda folder, _: pipeline(folder),
    "bg": lambda folder, _: fit_one(folder, BGNBD, "BG/NBD"),
    "pareto": lambda folder, _: fit_one(folder, ParetoNBD, "Pareto/NBD"),
}


def run(python: str, script: Path, task: str, folder: Path, customers: int = 0) -> dict:
    """A task in a process of its own, linear algebra on one thread; what it printed last."""
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    more = [str(customers)] if customers else []
    done = subprocess.run(
        [python, str(script), task, str(folder), *more],
        env={**os.environ, **one}, stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout.strip().splitlines()[-1])


def ours(task: str, folder: Path, customers: int = 0) -> dict:
    return run(sys.executable, Path(__file__), task, folder, customers)


# ---- the tables


def against(task: str, peer_task: str, python: str, folder: Path, total: str | None = None) -> float:
    """Ours, the peer, ours again: a line for each step; the ratio of CPU-seconds of the last line."""
    before = ours(task, folder)
    peer = run(python, PEERS, peer_task, folder)
    after = ours(task, folder)
    best = {
        step: min(before["steps"][step], after["steps"][step], key=lambda pair: pair[1]) for step in before["steps"]
    }
    lines = {step: (best[step], peer["steps"][step]) for step in peer["steps"]}
    if total:
        lines[total] = tuple([sum(pair[i][j] for pair in lines.values()) for j in (0, 1)] for i in (0, 1))
    name = f"{peer_task.partition('-')[0]} {peer['version']}"
    print(f"{'':<34} {name:>28} {'ours':>20} {'times as fast':>20}")
    for step, (mine, theirs) in lines.items():
        walls, cpus = f"{theirs[0]:9.2f} s {theirs[1]:9.2f} CPU-s", f"{mine[0]:8.3f} s {mine[1]:8.3f}"
        print(f"{step:<34} {walls:>28} {cpus:>20} {theirs[0] / mine[0]:9.0f} {theirs[1] / mine[1]:9.0f}")
        ratio = theirs[1] / mine[1]
    for law, values in peer["learned"].items():
        apart = [value / before["learned"][law][name] - 1 for name, value in values.items()]
        print(f"{'':<4}{law} of the two differ by at most {max(map(abs, apart)):.1e}")
    return ratio


def against_pymc(python: str, folder: Path) -> None:
    mine = {"BG/NBD": ours("bg", folder), "Pareto/NBD": ours("pareto", folder)}
    for task in ("pymc-map", "pymc-nuts"):
        peer = run(python, PEERS, task, folder)
        for step, (wall, cpu) in peer["steps"].items():
            law = step.partition(" fit")[0]
            again = ours({"BG/NBD": "bg", "Pareto/NBD": "pareto"}[law], folder)
            fit = min(mine[law]["steps"][f"{law} fit"], again["steps"][f"{law} fit"], key=lambda pair: pair[1])
            values = ", ".join(f"{name} {value:.4g}" for name, value in peer["learned"][law].items())
            known = ", ".join(f"{name} {value:.4g}" for name, value in mine[law]["learned"][law].items())
            print(f"CDNOW {task} {step:<20} {wall:8.2f} s {cpu:8.2f} CPU-s; ours {1000 * fit[0]:.1f} ms: "
                  f"{wall / fit[0]:,.0f} times as fast, CPU {cpu / fit[1]:,.0f}")  # fmt: skip
            print(f"{'':<6}theirs {values}; ours {known}")


def questions(folder: Path, customers: int) -> bool:
    """What a shop asks of each law, against a sort of the same histories. Prints; True if no question is too dear."""
    x, t_x, age, mean = (np.load(folder / f"{name}.npy").astype(np.float64) for name in ("x", "t_x", "T", "mean"))
    n_spends, watch = np.maximum(x, 1.0), Watch()
    watch.timed("sort", lambda: np.lexsort((t_x, age, x)))
    unit = watch.steps["sort"][1]
    print(f"{customers:,} customers; sorting their (x, T, t_x): {unit:.2f} CPU-s\n")

    def line(name: str, work) -> object:
        found = watch.timed(name, work)
        wall, cpu = watch.steps[name]
        print(f"{name:<44} {wall:8.2f} s {cpu:8.2f} CPU-s {cpu / unit:9.2f} x the sort")
        return found

    known = line("compress to distinct rows", lambda: histories([x, t_x, age]))
    print(f"{'':<44} {len(known.x):,} rows")
    gamma = line("fit Gamma-Gamma", lambda: GammaGamma().fit(n_spends, mean))
    for kind in (MBGNBD, BGNBD, ParetoNBD):
        model = line(f"fit {kind.__name__}", lambda kind=kind: kind().fit(known))
        print(f"{'':<44} {', '.join(f'{name} {value:.4g}' for name, value in model.parameters_.items())}")
        both = CustomerWorth(buying=model, spend=gamma)
        name = kind.__name__
        line(f"{name} P(alive)", lambda model=model: model.p_alive(known))
        line(f"{name} orders in 30, 90, 365 days", lambda model=model: [model.predict(known, d) for d in (30, 90, 365)])
        line(f"{name} chance of an order in 30 days", lambda model=model: model.p_buy(known))
        line(f"{name} window of the next order", lambda model=model: model.next_order_days(known))
        line(f"{name} value, 90 % of each customer", lambda both=both: both.worth(known, n_spends, mean))
        line(f"{name} total and its 90 % interval", lambda both=both: both.total_value(known, n_spends, mean))
    most = ASKED_CPU_S * max(customers, 1_000_000) / 1_000_000
    return all(cpu <= most for _, cpu in watch.steps.values())


def many(folder: Path, customers: int) -> bool:
    good = True
    for task in ("bg", "pareto"):
        found = ours(task, folder)
        parts = ", ".join(f"{step} {wall:.2f} s {cpu:.2f} CPU-s" for step, (wall, cpu) in found["steps"].items())
        cpu = found["steps"][f"{'BG' if task == 'bg' else 'Pareto'}/NBD fit"][1]
        print(f"{customers:,} customers, {found['rows']:,} rows: {parts}; {found['rss_gb']:.2f} GB")
        good &= cpu <= MOST_CPU_S[task] * customers / 1e7 and found["rss_gb"] <= MOST_GB
    return good


def main(args: argparse.Namespace) -> bool:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        ours("simulate", folder, args.customers)
        good = questions(folder, args.customers)
        if args.peers:
            print()
            ratio = against("pipeline", "lifetimes", args.peers, folder, "whole pipeline")
            good &= ratio >= BARS["whole pipeline"] or args.customers < 1_000_000
            part = cut(folder, args.customers // 10)
            print(f"\n{args.customers // 10:,} customers")
            ratio = against("pareto", "lifetimes-pareto", args.peers, part)
            good &= ratio >= BARS["Pareto/NBD fit"] or args.customers < 1_000_000
        if args.pymc and args.cdnow.exists():
            print()
            against_pymc(args.pymc, cdnow(args.cdnow, folder))
        if args.many:
            print()
            ours("simulate", folder, args.many)
            good &= many(folder, args.many)
    return good


def told() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("customers", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--peers", help="an interpreter that has lifetimes")
    parser.add_argument("--pymc", help="an interpreter that has pymc-marketing")
    parser.add_argument("--cdnow", type=Path, default=CDNOW, help="x, t.x, T.cal in weeks, for pymc-marketing")
    parser.add_argument("--many", type=int, default=0, help="fit this many too (10000000), and measure the memory")
    return parser.parse_args()


if __name__ == "__main__":
    if len(sys.argv) > 2 and sys.argv[1] in TASKS:
        answer = TASKS[sys.argv[1]](Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 0)
        print(json.dumps(answer if answer is not None else {}))
        raise SystemExit(0)
    raise SystemExit(not main(told()))
