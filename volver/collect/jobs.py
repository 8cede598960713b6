"""The work that collect starts when somebody asks for it: trying, importing, taking back, reading again."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from volver.core.room import Job
from volver.core.words import Words

if TYPE_CHECKING:
    from volver.store import Shop

TRY: Final = Job(
    name="collect.try",
    where="volver.collect.trying:try_job",
    says=Words("Look at files"),
    lease_s=120,
    most_attempts=2,
    priority=30,
)
IMPORT: Final = Job(
    name="collect.import",
    where="volver.collect.incoming:bring",
    says=Words("Import files"),
    lease_s=120,
    most_attempts=3,
    priority=20,
)
UNDO: Final = Job(
    name="collect.undo",
    where="volver.collect.incoming:take_back",
    says=Words("Take an import back"),
    lease_s=120,
    most_attempts=3,
    priority=20,
)
RETRY: Final = Job(
    name="collect.retry",
    where="volver.collect.incoming:retry",
    says=Words("Read again what was set aside"),
    lease_s=120,
    most_attempts=3,
    priority=20,
)


def start(shop: "Shop", job: Job, payload: Mapping[str, Any]) -> int:
    """Write work down as due now, unless the same waits already; its id."""
    from volver.store import Jobs, key_of

    return Jobs(shop.state).put(job, payload, unique=key_of(job, payload))
