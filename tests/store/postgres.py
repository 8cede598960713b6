"""A throw-away PostgreSQL on a Unix socket, when the machine has the server."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def server_folder() -> Path | None:
    """Where the server's programs are, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else None


@contextmanager
def cluster(programs: Path) -> Iterator[str]:
    """Start a new, empty cluster; its SQLAlchemy URL."""
    folder = Path(tempfile.mkdtemp(prefix="volver-pg-"))
    user = "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
    who = pwd.getpwnam(user)
    os.chown(folder, who.pw_uid, who.pw_gid)

    def run(*command: str) -> None:
        change = {"user": user, "group": who.pw_gid, "extra_groups": []} if os.getuid() == 0 else {}
        subprocess.run(command, check=True, cwd=folder, capture_output=True, timeout=60, **change)  # type: ignore[call-overload]

    try:
        run(str(programs / "initdb"), "-D", f"{folder}/data", "-A", "trust", "-U", user, "--no-sync", "-E", "UTF8")
        options = f"-k {folder} -c listen_addresses= -c fsync=off"
        run(str(programs / "pg_ctl"), "-D", f"{folder}/data", "-w", "-l", f"{folder}/log", "-o", options, "start")
        try:
            yield f"postgresql+psycopg://{user}@/postgres?host={folder}"
        finally:
            run(str(programs / "pg_ctl"), "-D", f"{folder}/data", "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
