"""Saved segments: a filter under a name, true whenever it is asked, on every door."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.know.test_know import buys
from tests.world import Line, shop_of, written
from volver import know
from volver.cli.main import main
from volver.core import VolverError
from volver.know import STAGES
from volver.store import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """One buys steadily and much, one stopped, one has just come."""
    lines = [*buys(1, 0, 30, 60, 90, price=99), *buys(2, 0, 2, 4), *buys(3, 88)]
    with shop_of(tmp_path / "s", lines) as made:
        know.refresh(made)
        yield made


def members(shop: Shop, segment: str) -> list[int]:
    return sorted(row.customer_id for row in know.customers(shop, segment=segment).rows)


def counted(shop: Shop) -> dict[str, int]:
    return {each.name: each.members for each in know.saved_summaries(shop, know.groups(shop))}


def test_a_saved_filter_is_opened_and_counted_as_its_list(shop: Shop) -> None:
    lost = know.customers(shop, segment="repeat", stage="lost")
    made = know.save_segment(shop, "  Came twice,   gone ", stage="lost", segment="repeat")
    assert (made.name, made.kind, str(made.rule)) == ("Came twice, gone", "filter", "Lost and Repeat buyers")
    assert members(shop, made.key) == sorted(row.customer_id for row in lost.rows) == [2]
    assert counted(shop) == {"Came twice, gone": 1}
    assert know.saved_segments(shop) == (made,)


def test_members_come_and_go_with_the_orders(shop: Shop) -> None:
    made = know.save_segment(shop, "One order", segment="first-time")
    assert members(shop, made.key) == [3]
    more = Line(order="again", customer=3, product=1, day=95, price=5)
    shop.lake.add("order_lines", written(shop, "order_lines", [more.row(1000)]), 10_000)
    know.refresh(shop)
    assert members(shop, made.key) == []
    assert counted(shop) == {"One order": 0}


def test_a_saved_segment_narrows_another(shop: Shop) -> None:
    again = know.save_segment(shop, "Came again", segment="repeat")
    narrow = know.save_segment(shop, "Came again, gone", stage="lost", segment=again.key)
    know.delete_segment(shop, again.key)
    assert members(shop, narrow.key) == [2]
    never = know.save_segment(shop, "In two stages", stage="new", segment="lost")
    assert members(shop, never.key) == []


def test_every_saved_segment_counts_whom_its_list_shows(shop: Shop) -> None:
    wanted = [(stage, segment) for stage in (None, *STAGES) for segment in (None, "lost", *know.BITS)][1:]
    made = {
        know.save_segment(shop, f"{stage} {segment}", stage=stage, segment=segment).key for stage, segment in wanted
    }
    told = {each.key: each for each in know.saved_summaries(shop, know.groups(shop))}
    assert set(told) == made
    for key, each in told.items():
        listed = know.customers(shop, segment=key)
        assert (each.members, each.net_e4) == (listed.total, sum(row.net_e4 for row in listed.rows))
        assert each.share == listed.total / 3
    assert {each.members for each in told.values()} >= {0, 1, 2}


def test_names_are_names_and_told_apart(shop: Shop) -> None:
    know.save_segment(shop, "Lost", stage="lost")
    for name, code in [
        ("LOST", "know.segment_name_taken"),
        (" ", "know.bad_segment_name"),
        ("x" * 61, "know.bad_segment_name"),
        ("a\u202eb", "know.bad_segment_name"),
    ]:
        with pytest.raises(VolverError) as caught:
            know.save_segment(shop, name, stage="new")
        assert caught.value.code == code
    assert len(know.saved_segments(shop)) == 1


def test_what_leaves_nobody_out_is_not_saved(shop: Shop) -> None:
    with pytest.raises(know.NothingToSave):
        know.save_segment(shop, "Everyone")
    with pytest.raises(know.UnknownSegment):
        know.save_segment(shop, "Nobody", segment="gone")


def test_a_name_changes_a_deleted_one_is_gone_and_its_number_is_never_given_again(shop: Shop) -> None:
    first, second = know.save_segment(shop, "A", stage="new"), know.save_segment(shop, "B", stage="lost")
    assert know.rename_segment(shop, first.key, "C").key == first.key
    with pytest.raises(know.SegmentNameTaken):
        know.rename_segment(shop, first.key, "b")
    know.delete_segment(shop, second.key)
    for gone in (second.key, "saved-", "saved-²", "saved-" + "9" * 40, "saved-0x1"):
        with pytest.raises(know.UnknownSegment):
            know.customers(shop, segment=gone)
        with pytest.raises(know.UnknownSegment):
            know.delete_segment(shop, gone)
    assert know.save_segment(shop, "B", stage="lost").id > second.id


def test_there_is_an_end_to_saving(shop: Shop) -> None:
    for n in range(200):
        know.save_segment(shop, f"Segment {n}", stage="new")
    with pytest.raises(know.TooManySegments):
        know.save_segment(shop, "One more", stage="new")


def test_the_command_line_saves_lists_renames_and_deletes(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    def told(*words: str) -> dict[str, object]:
        main(["--shop", str(shop.path), "know", *words, "--json"])
        found: dict[str, object] = json.loads(capsys.readouterr().out)
        return found

    key = str(told("segments", "save", "Gone", "--stage", "lost")["key"])
    assert told("customers", "--segment", key)["total"] == 1
    assert told("segments", "rename", key, "Far away")["name"] == "Far away"
    listed = told("segments")
    assert [(each["key"], each["name"], each["members"]) for each in listed["saved"]] == [(key, "Far away", 1)]  # type: ignore[attr-defined]
    main(["--shop", str(shop.path), "know", "segments"])
    assert "Far away" in capsys.readouterr().out
    told("segments", "delete", key)
    assert told("segments")["saved"] == []
