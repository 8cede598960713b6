"""An import while the log lives: events arrive, other writers commit, and every line still names its log entry."""

from pathlib import Path

import pytest

from tests.collect.ledger_world import EXPORT, british, rows_of, write_csv
from volver.collect import ImportOptions, import_files
from volver.store import Entry, Shop

STAGES = ("understood", "read", "compared", "written", "pending", "logged")


def arrive(shop: Shop, name: str, many: int = 7) -> None:
    shop.log.append(
        [Entry(source="web", message_id=f"{name}-{n}", kind="track", body=b'{"event": "seen"}') for n in range(many)]
    )


def check_links(shop: Shop) -> None:
    """Ledger, state and lake name the batches by their entries in the log."""
    entries = [each.offset for each in shop.log.read(0, 10_000) if each.kind == "batch"]
    with shop.state.read() as state:
        told = [int(row[0]) for row in state.exec_driver_sql('select "offset" from batches order by 1')]
    named = rows_of(shop, "select batch, min(line_id >> 32), max(line_id >> 32) from order_lines group by 1 order by 1")
    assert told == entries
    assert named == [(each, each, each) for each in entries]
    assert shop.lake.offset("order_lines") == entries[-1]


@pytest.mark.parametrize("stage", STAGES)
def test_lines_name_their_entry_whatever_arrives_while_they_are_imported(stage: str, tmp_path: Path) -> None:
    first, second = write_csv(tmp_path / "first.csv", EXPORT[:9]), write_csv(tmp_path / "second.csv", EXPORT)
    with british(tmp_path / "shop") as shop:
        for number, path in enumerate((first, second)):

            def step(reached: str, number: int = number) -> None:
                if reached == stage:
                    arrive(shop, f"{number}")

            import_files(shop, [path], ImportOptions(), step)
        check_links(shop)
        assert rows_of(shop, "select count(distinct line_id) = count(*) from order_lines") == [(True,)]
