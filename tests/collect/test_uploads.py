"""Files that come in pieces: kept whole or not at all, under names that cannot lead astray."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.world import new_shop
from volver.collect import NoSuchUpload, Receiving, begin_upload, forget_upload, upload_of, waiting_uploads
from volver.collect import uploads as module
from volver.collect.uploads import DiskFull, FileTooLarge, NoTable, folder_of, safe_name, tidy
from volver.store import Shop, Work, open_shop


@pytest.fixture
def shop(tmp_path: Path) -> object:
    with new_shop(tmp_path / "shop") as made:
        yield made


def sent(shop: Shop, upload: str, name: str, *chunks: bytes) -> str:
    coming = Receiving(shop, upload, name)
    for chunk in chunks:
        coming.write(chunk)
    return coming.keep().name


@given(st.text(max_size=300))
def test_a_name_never_leads_out_of_its_folder_nor_hides(name: str) -> None:
    found = safe_name(name)
    assert found == Path(found).name
    assert found not in ("", ".", "..")
    assert not found.startswith(".")
    assert not found.endswith(".part")
    assert len(found) <= 100


def test_files_come_whole_under_one_id_and_two_of_a_name_stand_side_by_side(shop: Shop) -> None:
    upload = begin_upload(shop)
    assert sent(shop, upload, "../a.csv", b"x,y\n", b"1,2\n") == "a.csv"
    assert sent(shop, upload, "a.csv", b"x,y\n3,4\n") == "a 2.csv"
    assert [(each.name, each.n_bytes) for each in upload_of(shop, upload).files] == [("a 2.csv", 8), ("a.csv", 8)]
    assert (folder_of(shop, upload) / "a.csv").read_bytes() == b"x,y\n1,2\n"
    assert [each.id for each in waiting_uploads(shop)] == [upload]
    forget_upload(shop, upload)
    assert waiting_uploads(shop) == ()


@pytest.mark.parametrize("asked", ["../../etc", "..", "", "zz" * 12, "0" * 24])
def test_what_is_no_id_or_not_there_is_not_found(shop: Shop, asked: str) -> None:
    with pytest.raises(NoSuchUpload):
        upload_of(shop, asked)


@pytest.mark.parametrize("head", [b"%PDF-1.7", b"\x89PNG\r\n", b"\x7fELF\x02", b"MZ\x90\x00", b"ab\0c\0\0"])
def test_what_cannot_be_a_table_is_refused_at_its_first_piece_and_leaves_nothing(shop: Shop, head: bytes) -> None:
    upload = begin_upload(shop)
    with pytest.raises(NoTable):
        sent(shop, upload, "pedidos.csv", head + b"x" * 100)
    assert list(folder_of(shop, upload).iterdir()) == []


@pytest.mark.parametrize("head", [b"a,b\n", "ñ;é\n".encode("utf-16"), b"PK\x03\x04\0\0", b"\x1f\x8b\x08\0", b"PAR1\0"])
def test_what_may_be_a_table_is_taken(shop: Shop, head: bytes) -> None:
    upload = begin_upload(shop)
    assert sent(shop, upload, "pedidos.csv", head) == "pedidos.csv"


def test_a_file_beyond_the_setting_is_refused_as_soon_as_it_is_and_leaves_nothing(tmp_path: Path) -> None:
    with new_shop(tmp_path / "shop"):
        pass
    with (tmp_path / "shop" / "volver.toml").open("a", encoding="utf-8") as settings:
        settings.write("\n[collect]\nlargest_file_mb = 1\n")
    with open_shop(tmp_path / "shop") as small:
        upload = begin_upload(small)
        coming = Receiving(small, upload, "big.csv")
        coming.write(b"a" * 1024 * 1024)
        with pytest.raises(FileTooLarge):
            coming.write(b"a")
        assert list(folder_of(small, upload).iterdir()) == []


def test_a_full_disk_is_told_and_leaves_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = begin_upload(shop)
    coming = Receiving(shop, upload, "a.csv")
    monkeypatch.setattr(module, "_RESERVE", 2**62)  # no disk is as large as what is kept free now
    with pytest.raises(DiskFull):
        coming.write(b"a,b\n")
    assert list(folder_of(shop, upload).iterdir()) == []


def test_a_process_that_dies_while_a_file_comes_leaves_a_part_that_is_removed(tmp_path: Path) -> None:
    with new_shop(tmp_path / "shop"):
        pass
    code = (
        "import sys, time\nfrom volver.store import open_shop\nfrom volver.collect import Receiving, begin_upload\n"
        f"shop = open_shop({str(tmp_path / 'shop')!r})\nupload = begin_upload(shop)\n"
        "coming = Receiving(shop, upload, 'a.csv')\ncoming.write(b'a,b\\n' * 1000)\n"
        "print(upload, flush=True)\ntime.sleep(60)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    upload = child.stdout.readline().strip()
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    with open_shop(tmp_path / "shop") as shop:
        assert [each.name for each in folder_of(shop, upload).iterdir()] == ["a.csv.part"]
        assert waiting_uploads(shop) == ()
        assert tidy(Work(shop=shop)) is None, "a file may still be coming"
        old = time.time() - 7200
        for path in (folder_of(shop, upload) / "a.csv.part", folder_of(shop, upload)):
            os.utime(path, (old, old))
        tidy(Work(shop=shop))
        folder = shop.path / "incoming" / upload
        assert not folder.exists() or not list(folder.iterdir())


def test_files_that_wait_too_long_are_removed_and_others_stay(shop: Shop) -> None:
    old, fresh = begin_upload(shop), begin_upload(shop)
    for upload in (old, fresh):
        sent(shop, upload, "a.csv", b"a,b\n")
    then = time.time() - 8 * 86_400
    for path in (folder_of(shop, old) / "a.csv", folder_of(shop, old)):
        os.utime(path, (then, then))
    assert tidy(Work(shop=shop)) == {"removed": 1}
    assert [each.id for each in waiting_uploads(shop)] == [fresh]
