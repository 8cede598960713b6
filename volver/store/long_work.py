"""One piece of long work at a time on a shop: a second one is refused, it does not queue behind the first."""

from collections.abc import Iterator
from contextlib import contextmanager

from volver.core import VolverError
from volver.store.shop import Shop

LEARNING = "learning"  # long work of predict, one piece at a time


class Busy(VolverError):
    """Long work is going on already."""

    code = "predict.busy"
    says = "This shop is learning or checking already."
    hint = "Wait until that is done, then ask again."
    status = 409


@contextmanager
def one_at_a_time(shop: Shop) -> Iterator[None]:
    """Hold the shop's only place for long work, or be refused: it does not queue. Raises `predict.busy`."""
    with shop.locks.tried(LEARNING) as had:
        if not had:
            raise Busy
        yield
