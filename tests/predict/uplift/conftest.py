"""Small fits beside other workers: one thread each, or the threads wait for one another."""

from collections.abc import Iterator

import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    import numpy
    import sklearn.ensemble  # noqa: F401  (the libraries must be loaded to be limited)

    assert numpy
    with threadpool_limits(1):
        yield
