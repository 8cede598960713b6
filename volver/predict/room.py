"""What predict brings: the fit that follows a refresh."""

from volver.core.room import Job
from volver.core.words import Words

JOBS = (
    Job(
        name="predict.fit",
        where="volver.predict.refit:refit",
        says=Words("Learn from the orders and forecast"),
        lease_s=300,
        priority=10,
        after="know.refresh",
    ),
)
