"""The only place that reads the clock. Everything else takes `now` or `today` as an argument.

`VOLVER_NOW` (ISO 8601, UTC) stops the clock for demos and reproducible runs.
"""

import os
import time
from datetime import UTC, date, datetime

from volver.core.days import zone_named


def now_us() -> int:
    """Microseconds since 1970 in UTC."""
    fixed = os.environ.get("VOLVER_NOW")
    if fixed:
        stopped = datetime.fromisoformat(fixed)
        return round((stopped if stopped.tzinfo else stopped.replace(tzinfo=UTC)).timestamp() * 1_000_000)
    return time.time_ns() // 1000


def real_us() -> int:
    """The machine's clock, stopped or not: for leases and waits, which must run on in a shop whose day is fixed."""
    return time.time_ns() // 1000


def today(zone: str) -> date:
    """The current day in a time zone such as `Europe/Madrid`."""
    return datetime.fromtimestamp(now_us() / 1_000_000, tz=zone_named(zone)).date()


def stopwatch_s() -> float:
    """Seconds on a clock that never goes back; only differences mean something."""
    return time.perf_counter()


def cpu_s() -> float:
    """CPU-seconds that this process has used."""
    return time.process_time()
