"""Projections: entries of their kinds, in order, at least once, from a checkpoint; how far behind they are."""

import threading
from collections.abc import Sequence

import pytest

from tests.store.working import HEARD, NEXT, ledger
from volver.core.room import Projection
from volver.store import (
    Entry,
    Jobs,
    LogEntry,
    Shop,
    catch_up,
    check_shop,
    checkpoint,
    lags,
    prometheus,
    replay,
    store_metrics,
)

STUMBLING = Projection(name="stumbling", kinds=("news",), where="tests.store.test_checkpoints:stumble")
_asked: list[int] = []


def stumble(_shop: Shop, entries: Sequence[LogEntry]) -> None:
    """Fails the first time that it is asked."""
    _asked.append(entries[0].offset)
    if len(_asked) == 1:
        raise ValueError


def write(shop: Shop, kind: str, *numbers: int) -> None:
    shop.log.append([Entry(source=kind, message_id=str(n), kind=kind, body=str(n).encode()) for n in numbers])


def heard(shop: Shop) -> list[tuple[int, str]]:
    table = ledger(shop)
    found = table.execute("select entry, body from heard order by entry").fetchall()
    table.close()
    return found


def test_a_projection_takes_entries_of_its_kinds_in_order_and_passes_the_others(shop: Shop) -> None:
    for n in range(20):
        write(shop, "noise", *range(10 * n, 10 * n + 10))
        write(shop, "news", n)
    assert catch_up(shop, HEARD) == 20  # more than it takes at once
    assert [body for _, body in heard(shop)] == [str(n) for n in range(20)]
    assert checkpoint(shop, "heard") == shop.log.last() == 220
    assert catch_up(shop, HEARD) == 0
    write(shop, "noise", 1000)
    assert catch_up(shop, HEARD) == 0
    assert checkpoint(shop, "heard") == 221


def test_reading_by_kind_is_reading_and_choosing(shop: Shop) -> None:
    for n in range(60):
        write(shop, ("a", "b", "c")[n % 3], n)
    every = shop.log.read(0, 100)
    for kinds in (("a",), ("b", "c"), ("a", "b", "c"), ("none",)):
        for after, limit in ((0, 100), (7, 5), (59, 2), (60, 9)):
            wanted = [each for each in every if each.kind in kinds and each.offset > after][:limit]
            assert shop.log.read(after, limit, kinds) == wanted


def test_reading_a_rare_kind_does_not_read_what_stands_between(shop: Shop) -> None:
    from time import process_time

    write(shop, "news", 1)
    write(shop, "noise", *range(60_000))
    write(shop, "news", 2)

    def cpu_s(*asked: object) -> float:
        began = process_time()
        assert shop.log.read(*asked)  # type: ignore[arg-type]
        return process_time() - began

    assert cpu_s(0, 10, ("news",)) * 20 < cpu_s(0, 60_000)


def test_what_could_not_be_taken_is_taken_again(shop: Shop) -> None:
    write(shop, "news", 1, 2)
    _asked.clear()
    with pytest.raises(ValueError):
        catch_up(shop, STUMBLING)
    assert checkpoint(shop, "stumbling") == 0
    assert catch_up(shop, STUMBLING) == 2
    assert _asked == [1, 1]


def test_replay_begins_at_the_first_entry_and_changes_nothing_that_is_there(shop: Shop) -> None:
    write(shop, "news", *range(30))
    catch_up(shop, HEARD)
    before = heard(shop)
    table = ledger(shop)
    table.execute("delete from heard where entry < 10")
    table.close()
    assert catch_up(shop, HEARD) == 0
    assert replay(shop, HEARD) == 30
    assert heard(shop) == before
    assert checkpoint(shop, "heard") == 30


def test_one_at_a_time_reads_for_a_projection(shop: Shop) -> None:
    write(shop, "news", 1)
    with shop.locks.held("projection-heard"):
        assert catch_up(shop, HEARD) is None
    answers: list[int | None] = []
    threads = [threading.Thread(target=lambda: answers.append(catch_up(shop, HEARD))) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert [answer for answer in answers if answer] == [1]


def test_what_comes_after_a_projection_is_due_once_there_was_news(shop: Shop) -> None:
    jobs = Jobs(shop.state)
    write(shop, "noise", 1)
    catch_up(shop, HEARD, (NEXT,))
    assert jobs.listed("waiting") == []
    write(shop, "news", *range(20))
    catch_up(shop, HEARD, (NEXT,))
    assert [each.name for each in jobs.listed("waiting")] == ["next"]


def test_lag_is_told_in_entries_and_seconds(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOLVER_NOW", "2026-01-01T12:00:00")
    write(shop, "news", 1, 2, 3)
    monkeypatch.setenv("VOLVER_NOW", "2026-01-01T12:00:40")
    [behind] = lags(shop, ("heard",))
    assert (behind.offset, behind.entries, behind.seconds) == (0, 3, 40.0)
    catch_up(shop, HEARD)
    [level] = lags(shop)
    assert (level.offset, level.entries, level.seconds, level.problem) == (3, 0, 0.0, "")
    write(shop, "news", 4)
    monkeypatch.setenv("VOLVER_NOW", "2026-01-01T13:00:00")
    told = prometheus(store_metrics(shop))
    assert 'volver_lag_entries{projection="heard"} 1\n' in told
    assert 'volver_lag_seconds{projection="heard"} 3560\n' in told
    assert 'volver_jobs{status="failed"} 0\n' in told
    assert told.count("# TYPE volver_jobs gauge") == 1
    found = {each.name: each for each in check_shop(shop)}
    assert not found["projections"].ok
    assert "heard is 1 entries and 59 minutes behind" in str(found["projections"].says)
    assert found["jobs"].ok
