"""What pages show is made by the refresh and kept: the first visit of a fresh process makes nothing again."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.ui.world import busy, visitor
from volver.app import make_answers, refresh
from volver.core import found
from volver.know import customers
from volver.predict import spend_ceiling
from volver.store import Shop, Warmer, answers, forget_answers, keep, kept_answer
from volver.ui.know import home, segments
from volver.ui.predict import cohorts, outlook, value
from volver.ui.shared import figures

PAGES = ("/", "/customers", "/segments", "/value", "/value?cohorts=value", "/value?years=5")
WITH_TOTALS = (home, segments, value, cohorts, outlook)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    made = busy(tmp_path_factory)
    spend_ceiling(made, costs=_costs(made, tmp_path_factory))
    make_answers(made)
    yield made
    made.close()


def _costs(made: Shop, folder: pytest.TempPathFactory) -> Any:
    channels = made.compute.relation("select distinct channel from customers where channel is not null").to_pylist()
    path = folder.mktemp("costs") / "costs.csv"
    path.write_text("channel,cost\n" + "\n".join(f"{each['channel']},1200" for each in channels), encoding="utf-8")
    return path


def made_anew(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the answers that are made from now on, as the pages ask for them."""
    names: list[str] = []

    def counted(shop: Shop, name: str, tables: Any, kind: Any, make: Callable[[], Any], besides: str = "") -> Any:
        def noted() -> Any:
            names.append(name)
            return make()

        return kept_answer(shop, name, tables, kind, noted, besides)

    for module in WITH_TOTALS:
        monkeypatch.setattr(module, "kept_answer", counted)
    return names


def fresh_process() -> None:
    """What another process knows: nothing."""
    answers._held.clear()
    figures._kept.clear()


def visit_all(shop: Shop) -> list[bytes]:
    client = visitor(shop)
    told = [client.get(page) for page in PAGES]
    assert [each.status_code for each in told] == [200] * len(PAGES)
    return [each.content for each in told]


def test_the_first_visit_after_a_refresh_makes_no_total_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    forget_answers(shop)
    refresh(shop)
    fresh_process()
    names = made_anew(monkeypatch)
    visit_all(shop)
    assert names == []


def test_putting_files_together_makes_no_total_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    before = shop.lake.version("order_lines")
    for table in ("order_lines", "order_days", "facts"):  # one file more, then all of them together
        shop.lake.add(table, [], shop.lake.offset(table) + 1)
    keep(shop, 0)
    assert shop.lake.version("order_lines") > before
    fresh_process()
    names = made_anew(monkeypatch)
    visit_all(shop)
    assert names == []


def test_every_total_reads_as_it_was_made(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    made: dict[str, Any] = {}

    def at_once(_shop: Shop, name: str, _tables: Any, _kind: Any, make: Callable[[], Any], _besides: str = "") -> Any:
        made[name] = make()
        return made[name]

    for module in WITH_TOTALS:
        monkeypatch.setattr(module, "kept_answer", at_once)
    visit_all(shop)
    monkeypatch.undo()
    fresh_process()
    read: dict[str, Any] = {}

    def as_kept(shop: Shop, name: str, *rest: Any) -> Any:
        read[name] = kept_answer(shop, name, *rest)
        return read[name]

    for module in WITH_TOTALS:
        monkeypatch.setattr(module, "kept_answer", as_kept)
    visit_all(shop)
    assert set(made) == set(read) >= {"home", "health", "segments", "stages", "cohorts", "levers", "channels", "spread"}
    for name, answer in made.items():
        assert read[name] == answer, name
        assert type(read[name]) is type(answer), name


def test_nothing_kept_names_a_person(shop: Shop) -> None:
    with shop.state.read() as rows:
        kept = " ".join(row[0] for row in rows.exec_driver_sql("select body from kept_answers").all())
    assert kept
    known = [word for each in customers(shop, limit=50).rows for word in (each.ref, each.name, each.email) if word]
    assert known
    assert [word for word in known if f'"{word}"' in kept] == []


def test_new_scores_make_the_totals_of_the_model_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from volver import predict

    predict.republish(shop, predict.published(shop).id)
    fresh_process()
    names = made_anew(monkeypatch)
    visit_all(shop)
    assert {"levers", "channels", "spread", "home"} <= set(names)


def test_while_a_process_makes_costly_answers_its_visitors_get_what_was(shop: Shop) -> None:
    gate, asked, made = threading.Event(), threading.Event(), []
    forever = [0.0]

    def make() -> float:
        made.append(threading.current_thread().name)
        if len(made) > 1:
            asked.set()
            assert gate.wait(20)
        forever[0] += 1.0
        return forever[0]

    def ask(one: Shop) -> float:
        return kept_answer(one, "slow", ("scores",), float, make)

    assert ask(shop) == 1.0
    key = (shop.state.url, "slow")
    held = answers._held[key]
    answers._held[key] = answers._Held(held.answer, held.versions, held.besides, cost_s=5.0)
    warmer = Warmer(shop, [ask], look_s=0.01)
    warmer.start()
    assert warmer.ready.wait(20)
    shop.lake.replace("scores", shop.compute.write("select * from scores", "scores"))
    assert asked.wait(20)
    assert ask(shop) == 1.0  # while the other thread is at it
    gate.set()
    for _ in range(2000):
        if ask(shop) == 2.0:
            break
        threading.Event().wait(0.01)
    assert ask(shop) == 2.0
    warmer.stop()
    assert set(made[1:]) == {"warmer"}


def test_what_a_room_says_it_keeps_and_warms_can_be_called(shop: Shop) -> None:
    from volver.app import ROOMS

    for room in ROOMS:
        for where in (*room.answers, *room.warms):
            found(where)(shop)
