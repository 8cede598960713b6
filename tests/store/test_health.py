"""The doctor finds what is wrong and says so without stopping."""

import os
from pathlib import Path

from tests.store.lakes import add_lines
from volver.store import Check, Entry, Shop, check_shop, create_shop, open_shop
from volver.store.disk import close_to_others


def by_name(shop: Shop) -> dict[str, Check]:
    return {each.name: each for each in check_shop(shop)}


def add_events(shop: Shop, offset: int) -> None:
    """What a reader of the log commits as it goes."""
    shop.lake.add("events", [], offset, writer="stream")


def test_a_new_shop_is_healthy(shop: Shop) -> None:
    found = by_name(shop)
    assert [name for name, check in found.items() if not check.ok] == []
    assert set(found) == {
        *("log", "state", "lake", "parts", "jobs", "projections", "people"),
        *("disk", "clock", "memory", "leftovers", "time zone", "private"),
    }
    assert all(str(check.says) for check in found.values())


def test_the_counts_are_told(shop: Shop) -> None:
    shop.log.append([Entry(source="s", message_id=str(n), kind="k", body=b"") for n in range(3)])
    add_events(shop, 2)
    found = by_name(shop)
    assert str(found["log"].says) == "3 entries, the last is 3."
    assert str(found["parts"].says) == "The lake holds the log up to 2 of 3."


def test_a_missing_file_of_the_lake_is_found(shop: Shop) -> None:
    add_lines(shop, 0)
    Path(shop.lake.snapshot("order_lines").files[0]).unlink()
    found = by_name(shop)["lake"]
    assert not found.ok
    assert str(found.says) == "1 files are missing from order_lines."
    assert found.hint


def test_a_lake_ahead_of_its_log_is_found(shop: Shop) -> None:
    add_lines(shop, 7)
    found = by_name(shop)["parts"]
    assert str(found.says).startswith(
        "log.db is empty or was missing, but the lake's order_lines holds the log up to 7."
    )
    assert "volver restore" in found.hint


def test_a_broken_lake_does_not_stop_the_other_checks(shop: Shop) -> None:
    add_lines(shop, 0)
    log = shop.lake.path("order_lines") / "_delta_log"
    add_lines(shop, 1)
    (log / f"{0:020d}.json").write_text("not what was written")
    with open_shop(shop.path) as again:
        found = by_name(again)
    assert not found["lake"].ok
    assert found["log"].ok
    assert found["disk"].ok


def test_a_memory_limit_beyond_the_machine_is_found(shop: Shop) -> None:
    with open_shop(shop.path, {"memory_limit_mb": 900_000_000}) as again:
        assert not by_name(again)["memory"].ok


def test_no_check_names_a_person_or_a_path(shop: Shop) -> None:
    assert not any(str(shop.path) in str(each.says) for each in check_shop(shop))


def test_a_new_shop_is_closed_to_others_on_the_machine(tmp_path: Path) -> None:
    before = os.umask(0o000)
    try:
        with create_shop(tmp_path / "shop") as made:
            made.state.quick_read("select 1")
            assert by_name(made)["private"].ok
            assert made.path.stat().st_mode & 0o777 == 0o700
            held = [*made.path.glob("*.db*"), made.path / "volver.toml"]
            assert len(held) >= 3
            assert {each.stat().st_mode & 0o077 for each in held} == {0}
            made.path.chmod(0o755)
            assert by_name(made)["private"].ok
            (made.path / "state.db").chmod(0o644)
            assert not by_name(made)["private"].ok
    finally:
        os.umask(before)


def test_an_older_shop_is_closed_to_strangers_when_it_is_brought_up_to_date(tmp_path: Path) -> None:
    create_shop(tmp_path / "shop").close()
    held = [tmp_path / "shop", *(tmp_path / "shop").glob("*.db"), tmp_path / "shop" / "volver.toml"]
    for each in held:
        each.chmod(0o755)
    close_to_others(tmp_path / "shop")
    assert {each.stat().st_mode & 0o777 for each in held} == {0o750}
