"""Accidents of the machine as errors of ours: a full disk, a lock, a right that is missing, too little memory.

The libraries below tell them in their own ways; here each is one sentence with a way out. What is none of these is a
fault of ours and keeps its traceback.
"""

import errno
import re
from typing import Final

from volver.core import VolverError


class DiskFull(VolverError):
    """There is no room to write."""

    code = "cli.disk_full"
    says = "The disk is full, or this account may not fill it further."
    hint = "Make room where the shop lies (or name another `spill_folder`), then run the command again: it goes on."


class Locked(VolverError):
    """Somebody else writes to the shop for too long."""

    code = "cli.locked"
    says = "Another program keeps the shop's database locked."
    hint = "Wait until it has ended, or end it, then run the command again."


class NotPermitted(VolverError):
    """A file may not be read or written."""

    code = "cli.not_permitted"
    says = "A file that this needs may not be read or written."
    hint = "Run it as the account that owns the shop, or let that account write there: `ls -l` shows who may."


class OutOfMemory(VolverError):
    """The machine, or the limit that the shop sets, has too little memory."""

    code = "cli.out_of_memory"
    says = "There was too little memory for this."
    hint = "Raise `memory_limit_mb` under [store], lower `threads`, or run it on a machine with more memory."


class DiskFails(VolverError):
    """The disk gives errors, or a file of the shop is damaged."""

    code = "cli.disk_fails"
    says = "The disk gave an error, or a file of the shop is damaged."
    hint = "See what `volver doctor` says, and look at the disk before you write to it again."


_SAYS: Final = (
    (
        DiskFull,
        r"no space left|disk is full|disk quota|not enough (disk )?space|max_temp_directory_size",
    ),
    (Locked, r"database (table )?is locked|database is busy"),
    (NotPermitted, r"permission denied|readonly database|read-only (database|file system)|operation not permitted"),
    (OutOfMemory, r"out of memory|cannot allocate memory|malloc of size|std::bad_alloc"),
    (DiskFails, r"disk i/o error|input/output error|disk image is malformed|unable to open database file"),
)
_NUMBERS: Final = {
    errno.ENOSPC: DiskFull, errno.EDQUOT: DiskFull, errno.EFBIG: DiskFull, errno.EACCES: NotPermitted,
    errno.EPERM: NotPermitted, errno.EROFS: NotPermitted, errno.EIO: DiskFails, errno.ENOMEM: OutOfMemory,
}  # fmt: skip
_TELLERS: Final = ("sqlite3", "sqlalchemy", "duckdb", "_duckdb", "deltalake", "pyarrow", "_internal")


def accident(problem: BaseException) -> VolverError | None:
    """The accident that an exception, or one that it came from, tells of; None if it tells of none."""
    seen: BaseException | None = problem
    while seen is not None:
        if isinstance(seen, MemoryError):
            return OutOfMemory()
        if isinstance(seen, OSError) and seen.errno in _NUMBERS:
            return _NUMBERS[seen.errno]()
        if isinstance(seen, OSError) or type(seen).__module__.split(".")[0] in _TELLERS:
            words = str(seen).lower()
            found = next((kind for kind, said in _SAYS if re.search(said, words)), None)
            if found is not None:
                return found()
        seen = seen.__cause__ or seen.__context__
    return None
