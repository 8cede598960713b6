"""What know brings: the refresh of everything that follows from the ledger."""

from volver.core.room import Job
from volver.core.words import Words

JOBS = (
    Job(
        name="know.refresh",
        where="volver.know.refreshing:renew",
        says=Words("Bring customers and segments up to date"),
        lease_s=120,
        priority=10,
        after="collect.batches",
    ),
)
