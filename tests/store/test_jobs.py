"""The due-table: what may be taken, by whom, how often, and what comes of it; on SQLite and on PostgreSQL."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from volver.core import VolverError
from volver.core.room import Job
from volver.core.words import Words
from volver.store import Ended, Jobs, NoSuchJob, State

JOB = Job(name="tidy", where="nowhere:run", says=Words("Tidy"), lease_s=60, most_attempts=3)
URGENT = Job(name="urgent", where="nowhere:run", says=Words("Urgent"), priority=5)
NEXT = Job(name="next", where="nowhere:run", says=Words("Next"))
SECOND_US = 1_000_000


class Broke(VolverError):
    """For the tests."""

    code = "test.broke"
    says = "It broke {times} times."
    hint = "Mend it."


PROBLEM = Broke(times=2)


@pytest.fixture(params=["sqlite", "postgresql"])
def state(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[State]:
    made = State(
        f"sqlite:///{tmp_path / 'state.db'}" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    )
    yield made
    with made.begin() as rows:
        rows.execute(sa.text("delete from jobs"))
    made.close()


class Clock:
    """A clock that the tests move."""

    now = 1_000_000_000

    def __call__(self) -> int:
        return self.now

    def passes(self, seconds: float) -> None:
        self.now += round(seconds * SECOND_US)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def jobs(state: State, clock: Clock) -> Jobs:
    return Jobs(state, clock)


def test_due_work_is_taken_by_priority_and_then_by_time(jobs: Jobs, clock: Clock) -> None:
    late = jobs.put(JOB, due_us=clock.now - 2)
    early = jobs.put(JOB, due_us=clock.now - 5)
    urgent = jobs.put(URGENT)
    later = jobs.put(URGENT, due_us=clock.now + 1)
    assert [jobs.claim("a")[0].id for _ in range(3)] == [urgent, early, late]
    assert jobs.claim("a") == []
    clock.passes(1)
    assert [each.id for each in jobs.claim("a", 9)] == [later]


def test_a_silent_runner_loses_its_work_and_its_late_word_changes_nothing(jobs: Jobs, clock: Clock) -> None:
    job_id = jobs.put(JOB, {"n": 1})
    [first] = jobs.claim("a")
    clock.passes(59)
    assert jobs.claim("b") == []
    clock.passes(1)
    [second] = jobs.claim("b")
    assert (second.id, second.attempt, second.payload) == (job_id, 2, {"n": 1})
    assert not jobs.finish(first, "late")
    assert not jobs.fail(first, PROBLEM, None)
    assert not jobs.release(first)
    assert jobs.beat([(first, 0.9, None)]) == {job_id: "lost"}
    assert jobs.get(job_id).status == "running"
    assert jobs.finish(second, {"rows": 3})
    assert not jobs.finish(second)
    found = jobs.get(job_id)
    assert (found.status, found.result, found.share, found.due_us) == ("done", {"rows": 3}, 1.0, None)
    assert found.ended_us == clock.now


def test_a_beat_keeps_the_lease_and_tells_how_far_it_is(jobs: Jobs, clock: Clock) -> None:
    job_id = jobs.put(JOB)
    [mine] = jobs.claim("a")
    for step in range(4):
        clock.passes(50)
        assert jobs.beat([(mine, step / 4, Words("Step {n}", {"n": step}))]) == {job_id: "held"}
        assert jobs.claim("b") == []
    jobs.beat([(mine, None, None)])
    found = jobs.get(job_id)
    assert (found.share, str(found.says), found.holder) == (0.75, "Step 3", "a")


def test_work_that_kills_every_runner_is_buried_after_its_attempts(jobs: Jobs, clock: Clock) -> None:
    job_id = jobs.put(JOB)
    for _ in range(3):
        assert len(jobs.claim("a")) == 1
        clock.passes(61)
    assert jobs.claim("a") == []
    found = jobs.get(job_id)
    assert (found.status, found.problem and found.problem["code"]) == ("failed", "store.runner_died")
    jobs.retry(job_id)
    assert len(jobs.claim("a")) == 1


def test_failed_work_comes_again_at_its_time_and_a_dead_letter_never(jobs: Jobs, clock: Clock) -> None:
    job_id = jobs.put(JOB)
    assert jobs.fail(jobs.claim("a")[0], PROBLEM, clock.now + 10 * SECOND_US)
    assert jobs.claim("a") == []
    told = {"code": "test.broke", "message": "It broke 2 times.", "hint": "Mend it."}
    assert jobs.get(job_id).to_dict()["problem"] == told
    clock.passes(10)
    [again] = jobs.claim("a")
    assert again.attempt == 2
    assert jobs.fail(again, PROBLEM, None)
    clock.passes(10**6)
    assert jobs.claim("a") == []
    assert [each.id for each in jobs.listed("failed")] == [job_id]
    assert jobs.counts().failed == 1


def test_work_given_back_is_due_at_once_and_keeps_its_attempts(jobs: Jobs) -> None:
    job_id = jobs.put(JOB)
    for _ in range(10):
        [mine] = jobs.claim("a")
        assert jobs.release(mine)
        assert not jobs.finish(mine)  # the proof of an attempt is never given twice
    found = jobs.get(job_id)
    assert found.most_attempts - found.attempts == JOB.most_attempts


def test_of_one_key_one_waits_and_one_runs(jobs: Jobs, clock: Clock) -> None:
    first = jobs.put(JOB, {"n": 1}, unique="shop", due_us=clock.now + 100)
    assert jobs.put(JOB, {"n": 2}, unique="shop", due_us=clock.now + 200) == first
    assert jobs.get(first).due_us == clock.now + 100
    assert jobs.put(JOB, unique="shop") == first  # the sooner stands
    [mine] = jobs.claim("a", 9)
    assert mine.payload == {"n": 1}
    second = jobs.put(JOB, unique="shop")
    assert second != first
    assert jobs.claim("b", 9) == []
    assert jobs.put(JOB, unique="other") not in (first, second)
    assert len(jobs.claim("b", 9)) == 1
    assert jobs.finish(mine)
    assert [each.id for each in jobs.claim("b", 9)] == [second]


def test_a_failed_attempt_gives_way_to_the_one_of_its_key_that_waits(jobs: Jobs, clock: Clock) -> None:
    first = jobs.put(JOB, unique="shop")
    [mine] = jobs.claim("a")
    second = jobs.put(JOB, unique="shop")
    assert jobs.fail(mine, PROBLEM, clock.now + 5)
    assert jobs.get(first).status == "cancelled"
    with pytest.raises(NoSuchJob):
        jobs.retry(first)
    assert [each.id for each in jobs.claim("a", 9)] == [second]


def test_what_comes_next_is_written_down_with_the_end_or_not_at_all(jobs: Jobs, clock: Clock) -> None:
    jobs.put(JOB, {"at": "2025-01-01"})
    [mine] = jobs.claim("a")
    clock.passes(61)
    [again] = jobs.claim("b")
    after = [(NEXT, mine.payload, None), (JOB, {}, clock.now + 500)]
    assert jobs.settle([Ended(claimed=mine, status="done", then=after)]) == 0
    assert jobs.listed("waiting") == []
    assert jobs.settle([Ended(claimed=again, status="done", then=after)]) == 1
    assert [(each.name, each.due_us) for each in jobs.listed("waiting")] == [
        ("next", clock.now),
        ("tidy", clock.now + 500),
    ]
    assert jobs.claim("a")[0].payload == {"at": "2025-01-01"}


def test_cancelling_stops_what_waits_and_asks_what_runs(jobs: Jobs, clock: Clock) -> None:
    waiting, running = jobs.put(JOB, due_us=clock.now + 9), jobs.put(JOB)
    [mine] = jobs.claim("a")
    assert jobs.cancel(waiting) == "cancelled"
    assert jobs.cancel(running) == "stopping"
    assert jobs.beat([(mine, None, None)]) == {running: "stop"}
    assert jobs.get(running).to_dict()["status"] == "stopping"
    clock.passes(61)
    assert jobs.claim("b", 9) == []  # its runner died meanwhile: nobody begins it again
    assert {each.id for each in jobs.listed("cancelled")} == {waiting, running}
    for job_id in (waiting, running, 999):
        with pytest.raises(NoSuchJob):
            jobs.cancel(job_id)


def test_work_that_comes_back_by_itself_is_there_once(jobs: Jobs) -> None:
    assert jobs.ensure(JOB)
    assert jobs.ensure(JOB) is None
    [mine] = jobs.claim("a")
    assert jobs.ensure(JOB) is None
    jobs.finish(mine)
    assert jobs.ensure(JOB)


def test_many_ends_at_once_count_only_those_still_held(jobs: Jobs, clock: Clock) -> None:
    for n in range(20):
        jobs.put(JOB, {"n": n})
    lost = jobs.claim("a", 5)
    clock.passes(61)
    held = jobs.claim("b", 20)
    assert len(held) == 20
    assert jobs.settle([Ended(claimed=each, status="done") for each in [*lost, *held]]) == 20
    assert len(jobs.listed("done", 100)) == 20


def test_ended_work_is_forgotten_and_dead_letters_later(jobs: Jobs, clock: Clock) -> None:
    for _ in range(3):
        jobs.put(JOB)
    done, failed, _running = jobs.claim("a", 3)
    jobs.finish(done)
    jobs.fail(failed, PROBLEM, None)
    clock.passes(10)
    assert jobs.forget(clock.now, clock.now - 20 * SECOND_US) == 1
    assert jobs.forget(clock.now, clock.now) == 1
    assert len(jobs.listed()) == 1


def test_counts_say_what_is_late_and_what_is_stuck(jobs: Jobs, clock: Clock) -> None:
    jobs.put(JOB)
    jobs.put(JOB, due_us=clock.now + 1000 * SECOND_US)
    jobs.claim("a")
    assert (jobs.counts().waiting, jobs.counts().running, jobs.counts().stuck) == (1, 1, 0)
    clock.passes(90)
    found = jobs.counts()
    assert (found.stuck, found.late_s) == (1, 30.0)


def test_many_who_claim_at_once_never_hold_the_same(state: State) -> None:
    jobs = Jobs(state)
    for n in range(60):
        jobs.put(JOB, {"n": n}, unique=f"key {n % 20}" if n < 20 else None)
    ready = threading.Barrier(6)

    def take(number: int) -> list[int]:
        ready.wait()
        found: list[int] = []
        while claimed := jobs.claim(f"runner {number}", 3):
            found += [each.id for each in claimed]
        return found

    with ThreadPoolExecutor(6) as pool:
        taken = [each for some in pool.map(take, range(6)) for each in some]
    assert len(taken) == len(set(taken)) == 60


def test_a_quick_read_is_several_times_as_cheap_as_one_through_sqlalchemy(tmp_path: Path) -> None:
    from time import process_time

    state = State(f"sqlite:///{tmp_path / 'state.db'}")
    sql = 'select "offset" from checkpoints where projection = :name'

    def quick() -> None:
        assert state.quick_read(sql, name="x") == []

    def dear() -> None:
        with state.read() as rows:
            assert rows.execute(sa.text(sql), {"name": "x"}).all() == []

    def cpu_s(ask: object) -> float:
        assert callable(ask)
        ask()
        took = []
        for _ in range(3):
            began = process_time()
            for _ in range(200):
                ask()
            took.append(process_time() - began)
        return min(took)

    assert cpu_s(quick) * 4 < cpu_s(dear)
    state.close()
