"""Making a shop from a backup: all of it or none.

Everything is unpacked into a folder inside the shop's and compared with the manifest. Then the parts move to their
places, `volver.toml` last: a folder without that file is no shop, so a kill at any moment leaves either none or all.
What was there before is moved aside, never deleted.
"""

import json
import os
import re
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import mkdtemp
from typing import Any, Final

from volver.core import VolverError, clock
from volver.store.disk import digest_of, keep_private, sync, sync_all
from volver.store.point_backup import FORMAT, MANIFEST, _stamp
from volver.store.shop import ShopExists

_UNPACKING: Final = ".restoring"
_ASIDE: Final = ".before-restore-"
_SETTINGS: Final = "volver.toml"


class BadBackup(VolverError):
    """A file that is no backup, or not all of one, or not as it was written."""

    code = "store.bad_backup"
    says = "{path} is not a whole backup ({reason}); nothing was restored."
    hint = "Take another backup, or copy this one again from where it was kept."


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """A shop that was made from a backup. `aside` is where what was there before is kept; empty if nothing was.

    `own_lake` says that the lake rested outside the shop's folder and is inside it now.
    """

    path: str
    files: int
    offset: int
    made_us: int
    aside: str
    own_lake: bool

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


def restore(backup: Path, folder: Path, *, replace: bool = False) -> Restored:
    """Make the shop of a backup in a folder. With `replace` a shop that is there is moved aside.

    Stop whoever works on that shop first. Raises `store.bad_backup`, `store.shop_exists`.
    """
    unpacked = folder / _UNPACKING
    cut_short = unpacked.exists()
    if not replace and not cut_short and any((folder / name).exists() for name in (_SETTINGS, "log.db", "state.db")):
        raise ShopExists(path=folder.name)
    if cut_short and not replace and (folder / _SETTINGS).exists():
        raise ShopExists(path=folder.name)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(unpacked, ignore_errors=True)
    unpacked.mkdir(mode=0o700)
    try:
        manifest = _unpack(backup, unpacked)
    except BaseException:
        shutil.rmtree(unpacked, ignore_errors=True)
        raise
    own_lake = _with_own_lake(unpacked / _SETTINGS)
    for name in ("lake", "models"):
        (unpacked / name).mkdir(exist_ok=True)
    _sync_tree(unpacked)
    aside = _move_aside(folder)
    parts = sorted((each.name for each in unpacked.iterdir()), key=lambda name: (name == _SETTINGS, name))
    for name in parts[:-1]:
        (unpacked / name).rename(folder / name)
    sync(folder)
    (unpacked / _SETTINGS).rename(folder / _SETTINGS)
    unpacked.rmdir()
    keep_private(folder)
    sync(folder)
    return Restored(
        path=str(folder),
        files=len(manifest["files"]),
        offset=int(manifest["offset"]),
        made_us=int(manifest["made_us"]),
        aside=aside,
        own_lake=own_lake,
    )


def _unpack(backup: Path, folder: Path) -> dict[str, Any]:
    """Unpack a backup and see that it is what its manifest says; the manifest."""
    found: dict[str, tuple[int, str]] = {}
    manifest: dict[str, Any] = {}
    try:
        with tarfile.open(backup, mode="r:") as tar:
            for member in tar:
                file = tar.extractfile(member) if member.isreg() else None
                if file is None or not _is_inside(member.name):
                    raise BadBackup(path=backup.name, reason="it holds something that is no file of a shop")
                if member.name == MANIFEST:
                    manifest = json.loads(file.read())
                    continue
                target = folder / member.name
                target.parent.mkdir(parents=True, exist_ok=True)
                with open(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
                    shutil.copyfileobj(file, out, 1 << 20)
                found[member.name] = (target.stat().st_size, digest_of(target))
    except FileNotFoundError as problem:
        raise BadBackup(path=backup.name, reason="there is no such file") from problem
    except (tarfile.TarError, EOFError, ValueError, FileExistsError, IsADirectoryError) as problem:
        raise BadBackup(path=backup.name, reason="it cannot be read to its end") from problem
    if manifest.get("format") != FORMAT:
        raise BadBackup(path=backup.name, reason="its manifest is missing, or of another format")
    told = {name: (int(size), str(digest)) for name, (size, digest) in manifest["files"].items()}
    wrong = sorted(name for name in told.keys() | found.keys() if told.get(name) != found.get(name))
    if wrong or _SETTINGS not in found:
        raise BadBackup(path=backup.name, reason=f"{len(wrong)} files were changed, {wrong[0] if wrong else _SETTINGS}")
    return manifest


def _is_inside(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return bool(parts) and not name.startswith("/") and ".." not in parts and "\\" not in name


def _move_aside(folder: Path) -> str:
    """Move what is there out of the way, the settings first; the folder's name, empty where there was nothing."""
    there = [each for each in folder.iterdir() if each.name != _UNPACKING and not each.name.startswith(_ASIDE)]
    if not there:
        return ""
    aside = Path(mkdtemp(prefix=f"{_ASIDE}{_stamp(clock.real_us())}-", dir=folder))
    for each in sorted(there, key=lambda each: each.name != _SETTINGS):
        each.rename(aside / each.name)
        if each.name == _SETTINGS:
            sync(folder)
    return aside.name


_LAKE_LINE: Final = re.compile(r"^(\s*lake\s*=.*)$", re.MULTILINE)


def _with_own_lake(settings: Path) -> bool:
    """Let the shop's lake rest in its own folder, where it was unpacked; whether the settings said otherwise."""
    text = settings.read_text(encoding="utf-8")
    told = _LAKE_LINE.sub(r"# \1  # restored into the shop's own folder", text)
    if told != text:
        settings.write_text(told, encoding="utf-8")
    return told != text


def _sync_tree(folder: Path) -> None:
    paths = [*folder.rglob("*")]
    sync_all([*(each for each in paths if each.is_file()), *(each for each in paths if each.is_dir()), folder])
