"""How many threads linear algebra may use: one. Its helpers wait by spinning, which costs more than they bring.

On two cores under load a fit of 300,000 customers takes half the CPU time with one thread, and no longer.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def one_thread() -> Any:
    """A context in which BLAS and OpenMP keep to one thread."""
    import sklearn.ensemble  # noqa: F401  brings OpenMP, which can only be bounded once it is loaded
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    return threadpool_limits(1)


def in_one_thread(work: Callable[P, T]) -> Callable[P, T]:
    """A function whose linear algebra keeps to one thread."""

    @wraps(work)
    def bounded(*args: P.args, **kwargs: P.kwargs) -> T:
        with one_thread():
            return work(*args, **kwargs)

    return bounded
