"""What collect brings: imports of files as jobs, and the projection that brings batches of the log into the lake."""

from volver.core.room import Job, Projection
from volver.core.words import Words

JOBS = (
    Job(
        name="collect.import",
        where="volver.collect.incoming:bring",
        says=Words("Import files"),
        lease_s=120,
        most_attempts=3,
        priority=20,
    ),
    Job(
        name="collect.sweep",
        where="volver.collect.incoming:sweep",
        says=Words("Remove files that are imported"),
        after="collect.import",
    ),
)
PROJECTIONS = (Projection(name="collect.batches", kinds=("batch",), where="volver.collect.ledger.batch:take"),)
