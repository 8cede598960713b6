"""A lake in a bucket, against a local server of object storage."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.collect.ledger_world import EXPORT, british, imported, ledger, write_csv
from tests.store.lakes import add_lines, total
from volver.app import refresh
from volver.core.settings import BadSetting
from volver.store import Shop, create_shop, keep, open_shop
from volver.store.bucket import BadLakeUrl, BucketNotReached


@pytest.fixture(scope="module")
def storage() -> Iterator[str]:
    server = pytest.importorskip("moto.server").ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(storage: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    from pyarrow import fs

    for name, value in {
        "AWS_ENDPOINT_URL": storage,
        "AWS_ACCESS_KEY_ID": "someone",
        "AWS_SECRET_ACCESS_KEY": "unspoken",
        "AWS_REGION": "eu-west-1",
    }.items():
        monkeypatch.setenv(name, value)
    name = "b" + str(abs(hash(request.node.name)))
    server = fs.S3FileSystem(
        endpoint_override=storage.removeprefix("http://"), scheme="http", allow_bucket_creation=True
    )
    server.create_dir(name)
    return f"s3://{name}/lake"


@pytest.fixture
def shop(bucket: str, tmp_path: Path) -> Iterator[Shop]:
    with create_shop(tmp_path / "shop", lake=bucket) as made:
        yield made


def forget_copy(shop: Shop) -> None:
    """As on another machine: no data file is here yet."""
    for path in (shop.path / "lake").rglob("*.parquet"):
        path.unlink()


def test_what_was_added_is_read_back_from_the_bucket_alone(shop: Shop) -> None:
    add_lines(shop, 1)
    add_lines(shop, 2)
    assert not shop.lake.add("order_lines", [], 2)
    assert not (shop.lake.path("order_lines") / "_delta_log").exists()
    forget_copy(shop)
    with open_shop(shop.path) as again:
        assert total(again) == (200, sum(range(100, 300)))
        assert again.lake.offset("order_lines") == 2


def test_two_handles_see_each_others_commits(shop: Shop, tmp_path: Path) -> None:
    shutil.copytree(shop.path, tmp_path / "other", ignore=shutil.ignore_patterns("*.parquet"))
    with open_shop(tmp_path / "other") as other:
        add_lines(shop, 1)
        other.lake._looked_s.clear()  # a second later
        assert total(other) == total(shop) == (100, sum(range(100, 200)))


def test_an_import_and_all_that_follows_is_as_on_local_disk(bucket: str, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "orders.csv", EXPORT)
    with (
        british(tmp_path / "here") as here,
        create_shop(tmp_path / "there", currency="GBP", timezone="Europe/London", lake=bucket) as there,
    ):
        for shop in (here, there):
            imported(shop, path)
            refresh(shop)
        assert ledger(there) == ledger(here) != []
        for table in ("orders", "facts", "days"):
            asked = f"select * from {table} order by all"
            assert there.compute.relation(asked).equals(here.compute.relation(asked))
        forget_copy(there)
    with open_shop(tmp_path / "there") as again:
        assert len(ledger(again)) > 0


def test_upkeep_thins_a_bucket_too(shop: Shop) -> None:
    for offset in range(1, 11):
        add_lines(shop, offset)
    before = total(shop)
    assert keep(shop).compacted == 30
    assert total(shop) == before
    assert len(shop.lake.snapshot("order_lines").files) == 3
    forget_copy(shop)
    with open_shop(shop.path) as again:
        assert total(again) == before


def test_a_bucket_that_does_not_answer_is_said_to_be_so(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(BucketNotReached):
        create_shop(tmp_path / "shop", lake=bucket)


@pytest.mark.parametrize("url", ["ftp://x/y", "s3://", "lake"])
def test_a_lake_setting_that_names_no_place_is_said_to_be_so(url: str, tmp_path: Path) -> None:
    with pytest.raises((BadLakeUrl, BadSetting)):
        create_shop(tmp_path / "shop", lake=url)


def test_a_lake_may_rest_in_a_folder_elsewhere(tmp_path: Path) -> None:
    with create_shop(tmp_path / "shop", lake=f"file://{tmp_path}/far") as shop:
        imported(shop, write_csv(tmp_path / "orders.csv", EXPORT))
        assert (tmp_path / "far" / "order_lines" / "_delta_log").is_dir()
        assert not any((tmp_path / "shop" / "lake").glob("order_lines"))
        assert len(ledger(shop)) > 0
