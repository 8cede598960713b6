"""The page of jobs: what runs and how far, what failed and why, and the two things that one can do about it."""

from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

from tests.ui.test_pages import token
from tests.ui.world import visitor
from tests.world import new_shop
from volver.core import Words
from volver.core.room import Job
from volver.store import Jobs, Shop
from volver.store.state import UnknownState

REFRESH = Job(name="know.refresh", where="nowhere:run", says=Words("Bring customers and segments up to date"))


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with new_shop(tmp_path / "shop", name="Test") as made:
        yield made


def failed(shop: Shop) -> int:
    jobs = Jobs(shop.state)
    job_id = jobs.put(REFRESH)
    [mine] = jobs.claim("a")
    jobs.fail(mine, UnknownState(scheme="<mysql>"), None)
    return job_id


def test_a_shop_without_jobs_says_that_nothing_runs(shop: Shop) -> None:
    assert "Nothing runs at the moment." in visitor(shop, **{"accept-language": "en"}).get("/jobs").text
    page = visitor(shop, **{"accept-language": "es"}).get("/jobs").text
    assert "<h1>Tareas</h1>" in page
    assert "What failed?" not in page


def test_running_work_shows_how_far_it_is_in_the_readers_language(shop: Shop) -> None:
    jobs = Jobs(shop.state)
    jobs.put(REFRESH)
    [mine] = jobs.claim("a")
    jobs.beat([(mine, 0.45, Words("Comparing with the ledger"))])
    said = unescape(visitor(shop, **{"accept-language": "es"}).get("/jobs").text).replace("\xa0", " ")
    assert "Poner al día clientes y segmentos" in said
    assert "45 % · Comparando con el libro" in said


def test_failed_work_says_why_and_can_be_tried_again(shop: Shop) -> None:
    job_id = failed(shop)
    person = visitor(shop, **{"accept-language": "en"})
    page = person.get("/jobs").text
    assert "begins with &lt;mysql&gt;;" in page
    assert "None" not in page
    assert person.post(f"/jobs/{job_id}", data={"do": "retry"}).status_code == 403
    form = {"csrf": token(page), "do": "retry"}
    assert person.post(f"/jobs/{job_id}", data=form, follow_redirects=False).headers["location"] == "/jobs"
    assert Jobs(shop.state).get(job_id).status == "waiting"
    assert person.post(f"/jobs/{job_id}", data=form).status_code == 404


def test_running_work_can_be_stopped(shop: Shop) -> None:
    jobs = Jobs(shop.state)
    job_id = jobs.put(REFRESH)
    jobs.claim("a")
    person = visitor(shop, **{"accept-language": "en"})
    form = {"csrf": token(person.get("/jobs").text), "do": "cancel"}
    assert "is being stopped" in person.post(f"/jobs/{job_id}", data=form).text


def test_home_leads_to_the_jobs_and_says_when_one_failed(busy_shop: Shop) -> None:
    person = visitor(busy_shop, **{"accept-language": "en"})
    assert '<a href="/jobs">none failed</a>' in person.get("/").text
    job_id = failed(busy_shop)
    try:
        assert '<a href="/jobs">1 failed</a>' in person.get("/").text
    finally:
        with busy_shop.state.quick_begin() as run:
            run("delete from jobs where id = :id", id=job_id)
