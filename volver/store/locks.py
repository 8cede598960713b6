"""One piece of long work at a time on a shop, over all processes: a second one is refused, it does not queue."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from volver.core import VolverError
from volver.store.shop import Shop

_LOCK = ".working"  # a file in the shop; the lock is on it, not in it, and goes with the process that holds it


class Busy(VolverError):
    """Long work is going on already."""

    code = "predict.busy"
    says = "This shop is learning or checking already."
    hint = "Wait until that is done, then ask again."
    status = 409


@contextmanager
def one_at_a_time(shop: Shop) -> Iterator[None]:
    """Hold the shop's only place for long work. Raises `predict.busy` where a thread or a process holds it."""
    with open(shop.path / _LOCK, "a") as place:
        try:
            fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy from None
        yield
