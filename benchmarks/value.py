"""How long a value fit of a million customers takes, against what the same machine needs just to sort their histories.

Run: python benchmarks/value.py [customers]. Prints seconds, CPU-seconds and ratios of one run.
"""

import sys
import time

import numpy as np

from volver.predict import BGNBD, MBGNBD, CustomerWorth, GammaGamma, ParetoNBD, histories


def timed(name: str, work, unit: float) -> object:
    wall, cpu = time.perf_counter(), time.process_time()
    found = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{name:<44} {wall:8.2f} s {cpu:8.2f} CPU-s {wall / unit:9.1f} x the sort")
    return found


def main(customers: int) -> None:
    chance = np.random.default_rng(1)
    truth, spend = MBGNBD.of(r=0.5, alpha=43.0, a=0.9, b=1.6), GammaGamma.of(p=6.25, q=3.74, v=15.44)
    told = truth.simulate(np.floor(chance.uniform(7, 730, customers)), seed=2)
    x, t_x, age = (column[told.row_of] for column in (told.x, np.floor(told.t_x), told.T))
    mean = chance.gamma(spend.p_ * (x + 1)) / chance.gamma(spend.q_, 1 / spend.v_, customers) / (x + 1)

    began = time.perf_counter()
    np.lexsort((t_x, age, x))
    unit = time.perf_counter() - began
    print(f"{customers:,} customers; sorting their (x, T, t_x): {unit:.2f} s\n")
    known = timed("compress to distinct rows", lambda: histories([x, t_x, age]), unit)
    print(f"{'':<44} {len(known.x):,} rows")
    for kind in (MBGNBD, BGNBD, ParetoNBD):
        model = timed(f"fit {kind.__name__}", lambda kind=kind: kind().fit(known), unit)
        print(f"{'':<44} {', '.join(f'{name} {value:.4g}' for name, value in model.parameters_.items())}")
    gamma = timed("fit Gamma-Gamma", lambda: GammaGamma().fit(x + 1, mean), unit)
    model = MBGNBD().fit(known)
    both = CustomerWorth(buying=model, spend=gamma)
    timed("P(alive), orders, value, 90 % of each customer", lambda: both.worth(known, x + 1, mean), unit)
    timed("total and its 90 % interval", lambda: both.total_value(known, x + 1, mean), unit)
    timed("window of the next order", lambda: model.next_order_days(known), unit)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
