"""What the store brings: upkeep of the lake, forgetting what is over, figures and checks."""

from volver.core.room import Job
from volver.core.words import Words

JOBS = (
    Job(
        name="store.upkeep",
        where="volver.store.upkeep:upkeep",
        says=Words("Keep the lake small and quick"),
        every_s=6 * 3600,
        priority=-10,
    ),
    Job(
        name="store.retention",
        where="volver.store.upkeep:retention",
        says=Words("Forget work that ended long ago"),
        every_s=24 * 3600,
        priority=-10,
    ),
)
METRICS = ("volver.store.metrics:store_metrics",)
