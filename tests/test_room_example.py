"""A room of sixty lines brings a command, a page, a question, a table, a setting, a job and texts by being listed."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient

from tests.room_example import ROOM
from volver.app import ROOMS, open_recovered, settings_of, web
from volver.cli.main import root_of
from volver.core import VolverError, found
from volver.server import create_token, login_link
from volver.store import TABLES, LakeTable, Shop, bring_tables, columns, create_shop

WITH_TOY = (*ROOMS, ROOM)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    path = tmp_path_factory.mktemp("toy") / "shop"
    create_shop(path, toy={"times": 3}).close()
    ran = CliRunner().invoke(root_of(WITH_TOY), ["--shop", str(path), "greet", "ana"])
    assert ran.exit_code == 0, ran.output
    with open_recovered(path, rooms=WITH_TOY) as made:
        yield made
    del TABLES["greetings"]


@pytest.fixture
def reader(shop: Shop) -> TestClient:
    client = TestClient(web(shop, rooms=WITH_TOY), headers={"accept-language": "es"})
    client.get(login_link(shop, "http://testserver"))
    return client


def test_the_room_is_small() -> None:
    assert len(Path(__file__).with_name("room_example.py").read_text(encoding="utf-8").splitlines()) <= 60


def test_its_command_writes_its_table_by_its_setting(shop: Shop) -> None:
    rows = shop.compute.relation("select who, times from greetings").to_pylist()
    assert rows == [{"who": "ana", "times": 3}]
    assert "greet" in CliRunner().invoke(root_of(WITH_TOY), ["--help"]).output
    assert "greet" not in CliRunner().invoke(root_of(ROOMS), ["--help"]).output


def test_its_setting_is_listed_and_judged(shop: Shop) -> None:
    told = {each.name: each for each in settings_of(shop, WITH_TOY)}
    assert (told["toy.times"].value, told["toy.times"].origin) == (3, "volver.toml")
    with pytest.raises(VolverError) as caught:
        open_recovered(shop.path, rooms=ROOMS)
    assert caught.value.code == "core.unknown_setting"
    with pytest.raises(VolverError) as caught:
        open_recovered(shop.path, {"times": 10}, WITH_TOY)
    assert caught.value.code == "core.bad_setting"


def test_its_page_speaks_spanish_and_has_its_place_on_every_page(reader: TestClient) -> None:
    assert reader.get("/greetings").text == "Saludados: 1"
    home = reader.get("/").text
    assert "<h2>Juguetes</h2>" in home
    assert home.count('href="/greetings"') == 2
    assert "<kbd>g</kbd> <kbd>t</kbd></dt><dd>Saludos</dd>" in home


def test_its_question_answers_and_is_described(shop: Shop) -> None:
    app = web(shop, rooms=WITH_TOY)
    secret = create_token(shop, "toy").secret
    answer = TestClient(app, headers={"authorization": f"Bearer {secret}"}).get("/api/v1/toy/greetings")
    assert (answer.status_code, answer.json()) == (200, {"greetings": {"ana": 3}})
    told = TestClient(app).get("/api/v1/openapi.json").json()
    schema = told["paths"]["/api/v1/toy/greetings"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    shape = told["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    assert shape["properties"] == {"greetings": {"type": "object", "additionalProperties": {"type": "integer"}}}
    assert TestClient(web(shop)).get("/api/v1/toy/greetings").status_code == 401
    assert "/api/v1/toy/greetings" not in json.dumps(TestClient(web(shop)).get("/api/v1/openapi.json").json())


def test_its_job_is_registered_and_can_be_found() -> None:
    [job] = [job for room in WITH_TOY for job in room.jobs if job.name == "toy.greet"]
    assert callable(found(job.where))


def test_two_rooms_cannot_bring_different_tables_of_one_name() -> None:
    with pytest.raises(VolverError) as caught:
        bring_tables([LakeTable(name="order_lines", columns=columns("n BIGINT"))])
    assert caught.value.code == "store.table_taken"
    bring_tables(list(TABLES.values()))
