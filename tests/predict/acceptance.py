"""The acceptance table of the laws of customer value: published numbers, and ours beside them.

`python -m tests.predict.acceptance` prints it. Numbers are those that papers and packages published (each row
names its source). Each module of `MODULES` registers its rows with `@row` when it is imported.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module

import numpy as np
import pytest

EXACT, RATIO, FLAT, LL = 1e-8, 5e-4, 2e-3, 1e-3  # fixed parameters; parameters; Pareto's flat ridge; log-likelihood
MODULES = ("tests.predict.acceptance_cdnow", "tests.predict.acceptance_others")
NOT_OURS = {
    8: "GGom/NBD: not a model of ours (on this data it is Pareto/NBD)",
    36: "Pareto/GGG by MCMC: not a model of ours",
    40: "dynamic covariates: not a model of ours (the calendar of the shop takes their place)",
}

Numbers = Sequence[float] | np.ndarray
Finder = Callable[..., Numbers]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line: what is published, where, how near ours must come, and how ours is found."""

    number: int
    quantity: str
    reference: Numbers | Finder
    source: str
    tolerance: float
    ours: Finder
    relative: bool = True

    def values(self) -> tuple[np.ndarray, np.ndarray]:
        """Reference and ours."""
        reference = self.reference() if callable(self.reference) else self.reference
        return np.asarray(reference, dtype=float).ravel(), np.asarray(self.ours(), dtype=float).ravel()

    def errors(self) -> np.ndarray:
        """How far ours is from the reference, in the terms of the tolerance; a NaN is infinitely far."""
        reference, ours = self.values()
        assert reference.shape == ours.shape
        found = np.abs(ours - reference) / (np.abs(reference) if self.relative else 1.0)
        return np.where(np.isfinite(found), found, np.inf)


ROWS: list[Row] = []


def row(
    number: int, quantity: str, reference: Numbers | Finder, source: str, tolerance: float, *, relative: bool = True
) -> Callable[[Finder], Finder]:
    """Register the function below as what finds ours."""

    def register(ours: Finder) -> Finder:
        ROWS.append(
            Row(
                number=number,
                quantity=quantity,
                reference=reference,
                source=source,
                tolerance=tolerance,
                ours=ours,
                relative=relative,
            )
        )
        return ours

    return register


def rows() -> list[Row]:
    """All rows, by number."""
    for name in MODULES:
        import_module(name)
    return sorted(ROWS, key=lambda each: each.number)


def table() -> tuple[str, bool]:
    """The table as text, and whether every row that could be computed holds."""
    lines, good = [(number, f"{number} | {why} | | | | | -") for number, why in NOT_OURS.items()], True
    for each in rows():
        try:
            (reference, ours), errors = each.values(), each.errors()
        except pytest.skip.Exception:
            lines.append((each.number, f"{each.number} | {each.quantity} | | | | | no data"))
            continue
        ok = bool(np.all(errors <= each.tolerance))
        good &= ok
        bound = f"{each.tolerance:.0e} {'relative' if each.relative else 'absolute'}"
        cells = (each.quantity, shown(reference), shown(ours), f"{errors.max():.1e}", bound, "ok" if ok else "NO")
        lines.append((each.number, f"{each.number} | " + " | ".join(cells)))
    head = ["# | quantity | reference | ours | error | tolerance | ok", "--|--|--|--|--|--|--"]
    return "\n".join([*head, *(line for _, line in sorted(lines, key=lambda each: each[0]))]), good


def shown(values: np.ndarray) -> str:
    """Up to four values."""
    text = ", ".join(f"{value:.9g}" for value in values[:4])
    return text + (f", … ({len(values)})" if len(values) > 4 else "")


if __name__ == "__main__":
    from tests.predict import acceptance  # the module whose list the others fill, not __main__

    text, good = acceptance.table()
    print(text)
    raise SystemExit(not good)
