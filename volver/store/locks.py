"""One piece of long work at a time on a shop: a second one is refused, it does not queue behind the first."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from volver.core import VolverError
from volver.store.shop import Shop

_working: set[str] = set()
_lock = threading.Lock()


class Busy(VolverError):
    """Long work is going on already."""

    code = "predict.busy"
    says = "This shop is learning or checking already."
    hint = "Wait until that is done, then ask again."
    status = 409


@contextmanager
def one_at_a_time(shop: Shop) -> Iterator[None]:
    """Hold the shop's only place for long work in this process. Raises `predict.busy`."""
    key = str(shop.path.resolve())
    with _lock:
        if key in _working:
            raise Busy
        _working.add(key)
    try:
        yield
    finally:
        with _lock:
            _working.discard(key)
