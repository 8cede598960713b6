"""Who is who: numbers given once however many ask, e-mails claimed once, merges undone without a trace."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from volver.store import State, merging, people
from volver.store.schema import metadata


@pytest.fixture(params=["sqlite", "postgresql"])
def state(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[State]:
    url = f"sqlite:///{tmp_path / 'state.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
    made = State(url)
    yield made
    if request.param == "postgresql":
        with made.begin() as rows:
            metadata.drop_all(rows)
            rows.execute(sa.text("drop table alembic_version"))
    made.close()


def ask(state: State, *references: str, emails: tuple[str | None, ...] = (), at: int = 5) -> people.Numbered:
    times = [at] * len(references)
    with state.begin() as rows:
        return people.number(rows, people.Named(references=references, first_us=times, last_us=times, emails=emails))


def named(state: State) -> dict[tuple[str, str], int]:
    with state.read() as rows:
        return {
            (kind, value): each
            for kind, value, each in rows.execute(sa.text("select type, value, customer_id from identifiers"))
        }


def test_numbers_follow_first_appearance_and_stay(state: State) -> None:
    assert ask(state, "b", "a", "b", "Ana@Example.org ").customer_ids == [1, 2, 1, 3]
    assert ask(state, "c", "ana@example.org", "a").customer_ids == [4, 3, 2]
    assert named(state) == {("reference", "b"): 1, ("reference", "a"): 2, ("email", "ana@example.org"): 3,
                            ("reference", "c"): 4}  # fmt: skip
    with state.read() as rows:
        assert (people.newest(rows), people.count(rows)) == (4, 4)


def test_first_and_last_seen_widen_and_never_narrow(state: State) -> None:
    for at in (50, 20, 30, 90):
        ask(state, "a", at=at)
    with state.read() as rows:
        (found,) = people.identifiers_of(rows, [1])
    assert (found["first_seen_us"], found["last_seen_us"], found["verified"]) == (20, 90, 0)


def test_what_is_tried_and_undone_gives_no_number(state: State) -> None:
    with state.begin() as rows:
        people.number(rows, people.Named(references=["x"], first_us=[1], last_us=[1]))
        rows.rollback()
    assert named(state) == {}
    assert ask(state, "y").customer_ids == [1]


ASKER = """
import sys
from volver.store import State, people
state = State(sys.argv[1])
mine = int(sys.argv[2])
sys.stdin.readline()
for turn in range(12):
    names = [f"c{(n * (mine + 1) + turn) % 40}" for n in range(20)]
    with state.begin() as rows:
        found = people.number(rows, people.Named(references=names, first_us=[1] * 20, last_us=[1] * 20))
    for name, each in zip(names, found.customer_ids):
        print(name, each)
"""


def test_processes_that_ask_at_once_agree_on_every_number(state: State) -> None:
    started = [
        subprocess.Popen(
            [sys.executable, "-c", ASKER, state.url, str(n)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
        )
        for n in range(2)
    ]  # fmt: skip
    told = set()
    for each in started:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()
    for each in started:
        out, _ = each.communicate(timeout=120)
        assert each.returncode == 0
        told |= {tuple(line.split()) for line in out.splitlines()}
    assert len(told) == len({name for name, _ in told}) == len({number for _, number in told}) == 40
    assert {(name, int(number)) for name, number in told} == {(value, n) for (_, value), n in named(state).items()}


def test_a_customer_file_gives_a_reference_to_whoever_ordered_by_its_email(state: State) -> None:
    assert ask(state, "c0@x.org", "c1@x.org").customer_ids == [1, 2]
    found = ask(state, "7000", "7002", emails=("C0@x.org", None))
    assert (found.customer_ids, found.joins, found.shared_emails) == ([1, 3], (), 0)
    assert ask(state, "7000", "c0@x.org").customer_ids == [1, 1]


def test_an_order_by_the_email_of_a_customer_file_is_that_customers(state: State) -> None:
    assert ask(state, "7000", emails=("c0@x.org",)).customer_ids == [1]
    assert ask(state, " c0@x.org", "c9@x.org").customer_ids == [1, 2]


def test_an_email_beside_its_own_row_is_one_customer(state: State) -> None:
    assert ask(state, "7000", "c0@x.org", emails=("c0@x.org", "c0@x.org")).customer_ids == [1, 1]


def test_two_references_with_one_email_stay_two_people(state: State) -> None:
    for before in ((), ("c0@x.org",)):
        ask(state, *before)
        found = ask(state, "1", "2", "3", emails=("c0@x.org", "c0@x.org", None))
        assert (found.customer_ids, found.joins, found.shared_emails) == ([1, 2, 3], (), 1)
        assert ask(state, "c0@x.org").customer_ids == [1]


def test_two_known_customers_whom_a_file_calls_one_are_to_be_joined_unless_a_person_parted_them(state: State) -> None:
    assert ask(state, "c0@x.org", "7000").customer_ids == [1, 2]
    assert ask(state, "7000", emails=("c0@x.org",)).joins == ((1, 2),)
    with state.begin() as rows:
        assert merging.join(rows, 1, 2, "a file says so", "import")
    assert ask(state, "7000", emails=("c0@x.org",)).joins == ()
    found = ask(state, "7001", emails=("c0@x.org",))
    assert (found.customer_ids, found.joins, found.shared_emails) == ([3], (), 1)
    with state.begin() as rows:
        assert merging.part(rows, 1) is not None
    assert ask(state, "7000", emails=("c0@x.org",)).joins == ()


def test_customers_numbered_elsewhere_are_taken_in_with_their_numbers(state: State) -> None:
    with state.begin() as rows:
        assert people.take_in(rows, {5: "a", 9: "b@x.org", 7: None}, "lake") == 0
        assert people.take_in(rows, {5: "a", 8: "b@x.org"}, "lake") == 1
    assert ask(state, "b@x.org", "new", "a").customer_ids == [9, 10, 5]


changes = st.lists(st.tuples(st.booleans(), st.integers(1, 8), st.integers(1, 8)), max_size=14)


@pytest.fixture(scope="module")
def eight(tmp_path_factory: pytest.TempPathFactory) -> Iterator[State]:
    """A state that knows eight customers."""
    state = State(f"sqlite:///{tmp_path_factory.mktemp('merges') / 'state.db'}")
    with state.begin() as rows:
        people.take_in(rows, dict.fromkeys(range(1, 9)), "lake")
    yield state
    state.close()


@given(changes)
@settings(max_examples=60)
def test_merges_stand_as_a_plain_list_of_those_not_undone(eight: State, steps: list[tuple[bool, int, int]]) -> None:
    standing: dict[int, int] = {}

    def root(each: int) -> int:
        return root(standing[each]) if each in standing else each

    seen: list[tuple[int, dict[int, int]]] = []
    with eight.begin() as rows:
        for is_merge, one, two in steps:
            seen.append((merging.changes(rows), merging.roots(rows)))
            if is_merge:
                first, second = root(one), root(two)
                assert merging.join(rows, one, two, "", "test") == (first != second)
                if first != second:
                    standing[first] = second
            else:
                assert (merging.part(rows, one) is not None) == (one in standing)
                standing.pop(one, None)
        now: dict[int, Any] = merging.roots(rows)
        assert now == {each: root(each) for each in range(1, 9) if root(each) != each}
        for number, before in seen:
            touched = set(merging.touched_since(rows, number))
            for each in range(1, 9):
                then = {n for n in range(1, 9) if before.get(n, n) == before.get(each, each)}
                today = {n for n in range(1, 9) if now.get(n, n) == now.get(each, each)}
                if then != today or before.get(each, each) != now.get(each, each):
                    assert then | today <= touched
        assert merging.touched_since(rows, merging.changes(rows)) == []
        rows.rollback()
