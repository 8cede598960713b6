"""Figures for those who watch a shop run: how far projections lag, how the work goes; as Prometheus reads them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from volver.store.checkpoints import lags
from volver.store.jobs import Jobs

if TYPE_CHECKING:
    from volver.store.shop import Shop


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One figure: its name without the product's, what it counts, its value and its labels."""

    name: str
    says: str
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)
    kind: Literal["gauge", "counter"] = "gauge"


def store_metrics(shop: "Shop") -> tuple[Metric, ...]:
    """The store's figures: the log's end, each projection's lag, the jobs by status."""
    found = [Metric(name="log_offset", says="The highest offset that the log gave.", value=shop.log.last())]
    for each in lags(shop):
        labels = {"projection": each.projection}
        found += [
            Metric(name="lag_entries", says="Offsets not taken yet.", value=each.entries, labels=labels),
            Metric(name="lag_seconds", says="Age of the first of them.", value=each.seconds, labels=labels),
            Metric(
                name="projection_stumbles",
                says="Whether its last try failed.",
                value=float(bool(each.problem)),
                labels=labels,
            ),
        ]
    counts = Jobs(shop.state).counts()
    for status in ("waiting", "running", "failed", "stuck"):
        says = "Jobs by status; failed ones are dead letters, stuck ones run beyond their lease."
        found.append(Metric(name="jobs", says=says, value=getattr(counts, status) or 0, labels={"status": status}))
    found.append(Metric(name="jobs_late_seconds", says="How long the first due job waits.", value=counts.late_s))
    return tuple(found)


def prometheus(figures: Iterable[Metric]) -> str:
    """Figures in Prometheus' text format.

    >>> print(prometheus([Metric(name="jobs", says="Jobs.", value=3, labels={"status": "failed"})]), end="")
    # HELP volver_jobs Jobs.
    # TYPE volver_jobs gauge
    volver_jobs{status="failed"} 3
    """
    lines, told = [], set()
    for each in sorted(figures, key=lambda one: one.name):
        name = f"volver_{each.name}"
        if name not in told:
            told.add(name)
            lines += [f"# HELP {name} {each.says}", f"# TYPE {name} {each.kind}"]
        labels = ",".join(f'{key}="{_escaped(value)}"' for key, value in each.labels.items())
        lines.append(f"{name}{'{' + labels + '}' if labels else ''} {each.value:.15g}")
    return "\n".join(lines) + "\n"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
