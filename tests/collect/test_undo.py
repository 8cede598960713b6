"""Taking an import back leaves the ledger as the other imports alone would have made it."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.collect.documents_world import Line, hear, line, stands, sums
from tests.collect.ledger_world import rows_of
from tests.world import examples, new_shop
from volver import know
from volver.collect import NoSuchImport, NotUndoable, imports, recover, undo
from volver.collect.ledger.undoing import undo as undo_step_by_step
from volver.store import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with new_shop(tmp_path / "shop", currency="EUR", timezone="Europe/Madrid") as made:
        yield made


@st.composite
def tellings(draw: st.DrawFn) -> list[Line]:
    """One export: some of four orders, each told in one of many ways."""
    told = []
    for order in draw(st.sets(st.sampled_from(["1", "2", "3", "X4"]), min_size=1)):
        at = draw(st.sampled_from(["2025-03-01 10:20:31", "2025-03-01 10:20", "2025-03-01", "2025-04-30 23:59:59"]))
        who, status = draw(st.sampled_from(["7", "7", "8", ""])), draw(st.sampled_from(["paid", "paid", "cancelled"]))
        changed = draw(st.sampled_from(["", "", "2025-05-01", "2025-05-02"]))
        goods = st.tuples(
            st.sampled_from(["A", "a", "K"]), st.sampled_from([1, 1, 2, -1]), st.sampled_from(["10.00", "8.00"])
        )
        told += [
            line(order, *each, at, who, "0.00", status, changed)
            for each in draw(st.lists(goods, min_size=1, max_size=3))
        ]
    return told


@st.composite
def lives(draw: st.DrawFn) -> list[Any]:
    """Imports (of one or two files, exports told before among them) and, as numbers, which of them is taken back."""
    exports = draw(st.lists(tellings(), min_size=2, max_size=3))
    files = st.lists(st.sampled_from(exports), min_size=1, max_size=2)
    return draw(st.lists(st.one_of(files, files, st.integers(0, 3)), min_size=3, max_size=7))


@settings(
    max_examples=examples(10, 150),
    phases=[Phase.explicit, Phase.generate],  # every example makes shops: shrinking would take hours
)
@given(lives())
def test_imports_and_undoings_leave_what_the_remaining_imports_alone_make(life: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        remaining: dict[int, list[list[Line]]] = {}
        with at(Path(folder) / "lived") as shop:
            for each in life:
                if isinstance(each, int):
                    if each < len(remaining):
                        number = list(remaining)[each]
                        undo(shop, number)
                        del remaining[number]
                    continue
                known = len(imports(shop))
                hear(shop, *each)
                if len(imports(shop)) > known:  # what says nothing new is no import
                    remaining[imports(shop)[0].number] = each
            lived = seen(shop)
        with at(Path(folder) / "plain") as shop:
            for files in remaining.values():
                hear(shop, *files)
            assert lived == seen(shop)


def at(home: Path) -> Shop:
    home.mkdir()
    return new_shop(home / "shop", currency="EUR", timezone="Europe/Madrid")


def seen(shop: Shop) -> list[Any]:
    """The ledger's sums with and without what was replaced, and what know makes of the lines that hold."""
    held = rows_of(
        shop,
        """select l.order_ref, l.day, l.ts_us, l.kind, l.doc, c.customer_ref, p.product_ref,
                  cast(sum(l.quantity_e4) as bigint) as q, cast(sum(l.amount_e4) as bigint) as a,
                  cast(sum(l.discount_e4) as bigint) as d, count(*) as n
           from order_lines l left join customers c using (customer_id) left join products p using (product_id)
           group by all order by all""",
    )
    know.refresh(shop)
    orders = rows_of(
        shop,
        """select o.* exclude (customer_id), c.customer_ref from orders o left join customers c using (customer_id)
           order by all""",
    )
    return [sums(shop), held, orders]


def test_an_undone_correction_brings_the_older_version_back(shop: Shop) -> None:
    hear(shop, [line(), line("2")])
    hear(shop, [line(qty=5), line("3")])
    done = undo(shop, imports(shop)[0].number)
    assert stands(shop) == [("1", "A", 1, 10.0), ("2", "A", 1, 10.0)]
    assert (done.gone, done.changed, done.before, done.after) == (1, 1, "70.00", "20.00")


def test_what_was_built_on_an_undone_import_stands_as_if_it_alone_had_been_there(shop: Shop) -> None:
    hear(shop, [line(at="2025-03-01 10:20:31")])
    hear(shop, [line(at="2025-03-01"), line(sku="K", at="2025-03-01")])
    undo(shop, imports(shop)[-1].number)
    assert rows_of(shop, "select distinct (ts_us + 3600000000) % 86400000000, day::varchar from order_lines") == [
        (0, "2025-03-01")
    ]
    assert stands(shop) == [("1", "A", 1, 10.0), ("1", "K", 1, 10.0)]


def test_imports_are_listed_with_what_they_did(shop: Shop) -> None:
    hear(shop, [line(), line("2")])
    hear(shop, [line(qty=5)], [line("3")])
    first, second = imports(shop)[1].number, imports(shop)[0].number
    undo(shop, first)
    last, before = imports(shop)
    assert (last.number, last.files, last.rows, last.new, last.changed, last.net, last.undone_by) == (
        second, ("0.csv", "1.csv"), 2, 1, 1, "60.00", None,
    )  # fmt: skip
    assert (before.number, before.new, before.net) == (first, 2, "20.00")
    assert before.undone_by == second + 1
    assert before.at.endswith("+00:00")


def test_what_is_no_import_cannot_be_undone(shop: Shop) -> None:
    hear(shop, [line()])
    number = imports(shop)[0].number
    with pytest.raises(NoSuchImport):
        undo(shop, number + 1)
    done = undo(shop, number)
    for again, problem in ((number, NotUndoable), (done.number, NoSuchImport)):
        with pytest.raises(problem):
            undo(shop, again)
    assert hear(shop, [line()]).documents.new == 1, "what was taken back can be brought again"
    assert stands(shop) == [("1", "A", 1, 10.0)]


def test_an_undoing_cut_short_after_its_log_entry_is_finished_when_the_shop_opens(shop: Shop) -> None:
    hear(shop, [line(), line("2")])
    number = imports(shop)[0].number

    def stop(stage: str) -> None:
        if stage == "logged":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        undo_step_by_step(shop, number, stop)
    recover(shop)
    assert stands(shop) == sums(shop) == []
    assert imports(shop)[0].undone_by is not None
