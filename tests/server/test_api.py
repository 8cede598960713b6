"""The API: the command line's answers over HTTP, for those who may ask."""

import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from starlette.testclient import TestClient

from tests.ui.world import busy, empty, visitor
from tests.world import Line, shop_of
from volver import know, predict
from volver.app import web
from volver.cli.main import main
from volver.server import SCOPES, create_token, list_tokens, revoke_token
from volver.server.credentials import BadName, NameTaken, NoSuchName
from volver.store import Shop, one_at_a_time

ROOT = "/api/v1"
ENVELOPE = {"ok", "code", "message", "hint"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with busy(tmp_path_factory) as made:
        yield made


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Shop]:
    with shop_of(tmp_path / "shop", [Line(order="1", customer=1, product=1, day=0, price=5)]) as made:
        yield made


@pytest.fixture(scope="module")
def program(shop: Shop) -> TestClient:
    return client(shop, create_token(shop, "tests", SCOPES).secret or "")


def client(shop: Shop, secret: str = "") -> TestClient:
    headers = {"authorization": f"Bearer {secret}"} if secret else {}
    return TestClient(web(shop), headers=headers, follow_redirects=False)


def told(capsys: pytest.CaptureFixture[str], shop: Shop, *words: str) -> dict[str, object]:
    main(["--shop", str(shop.path), *words, "--json"])
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("value?horizon=2%20years&top=3", ["value", "--horizon", "2 years", "--top", "3"]),
        ("newcomers?by=first-category", ["newcomers", "--by", "first-category"]),
        ("spend-ceiling", ["spend-ceiling"]),
        ("benchmark?by=channel", ["benchmark", "--by", "channel"]),
        ("spend-ceiling?by=campaign", ["spend-ceiling", "--by", "campaign"]),
        ("levers?horizon=180d", ["levers", "--horizon", "180d"]),
        ("check?model=auto", ["check"]),
    ],
)
def test_an_answer_is_that_of_the_command_line(
    program: TestClient, shop: Shop, capsys: pytest.CaptureFixture[str], path: str, words: list[str]
) -> None:
    answer = program.get(f"{ROOT}/predict/{path}")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == told(capsys, shop, "predict", *words)


def test_one_customer_is_valued_with_reasons(
    program: TestClient, shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    row = know.customers(shop, sort="value", limit=1).rows[0]
    address = f"{ROOT}/predict/customers/{row.customer_id}/value"
    answer = program.get(f"{address}?horizon=90d").json()
    assert answer == told(capsys, shop, "predict", "value", row.ref, "--horizon", "90d")
    assert answer["reasons"][0]["words"].startswith("Ordered on")
    spanish = program.get(f"{address}?lang=es").json()
    assert spanish == told(capsys, shop, "predict", "value", row.ref, "--lang", "es")
    assert spanish["reasons"][0]["words"].startswith("Compró")
    main(["--shop", str(shop.path), "predict", "value", row.ref])
    assert "\n- Ordered on" in capsys.readouterr().out


def test_of_nobody_it_cannot_say_and_says_why(program: TestClient, bare: Shop) -> None:
    answer = program.get(f"{ROOT}/predict/customers/999999999/value").json()
    assert (answer["value"], answer["factors"]) == (None, {})
    assert answer["reasons"][0]["key"] == "unknown"
    assert program.get(f"{ROOT}/predict/customers/ana@example.com/value").status_code == 400
    assert program.get(f"{ROOT}/predict/customers/1/value?lang=fr").status_code == 400
    unfitted = client(bare, create_token(bare, "two", ["customers"]).secret or "").get(
        f"{ROOT}/predict/customers/1/value"
    )
    assert (unfitted.status_code, unfitted.json()["code"]) == (404, "predict.no_model")


def test_the_shelf_and_publishing_again(program: TestClient, shop: Shop) -> None:
    before = program.get(f"{ROOT}/predict/models").json()["models"]
    made = program.post(f"{ROOT}/predict/fit", json={"at": "2026-03-31"})
    assert made.status_code == 200
    after = program.get(f"{ROOT}/predict/models").json()["models"]
    assert [each["published"] for each in after] == [True] + [False] * len(before)
    assert after[0]["learned_until"] == "2026-03-31"
    back = program.post(f"{ROOT}/predict/models/{before[0]['id']}/publish").json()
    assert back["published"]
    assert back["id"] == before[0]["id"]
    assert program.post(f"{ROOT}/predict/models/999/publish").json()["code"] == "predict.no_such_model"


def test_drift_is_told_of_weeks_that_came_after_the_fit(program: TestClient) -> None:
    assert program.get(f"{ROOT}/predict/drift").json()["alarm"] is False


def test_a_check_changes_nothing(program: TestClient, shop: Shop) -> None:
    scores = shop.lake.snapshot("scores").version
    answer = program.get(f"{ROOT}/predict/check?calibrate_until=2025-12-31&holdout_until=2026-05-31").json()
    assert answer["calibration_until"] == "2025-12-31"
    assert answer["total"]["actual"] > 0
    assert shop.lake.snapshot("scores").version == scores


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("value?horizon=soon", 400, "predict.bad_horizon"),
        ("value?top=-1", 400, "core.bad_parameter"),
        ("value?top=9999999", 400, "core.bad_parameter"),
        ("value?email=ana@example.com", 400, "core.unknown_parameter"),
        ("benchmark?by=colour", 400, "core.bad_parameter"),
        ("check?model=crystal-ball", 400, "core.bad_parameter"),
        ("check?calibrate_until=yesterday&holdout_until=2026-01-01", 400, "core.bad_parameter"),
        ("check?calibrate_until=2026-01-01&holdout_until=2025-01-01", 400, "predict.bad_holdout"),
        ("nothing", 404, "server.no_such_address"),
        ("fit", 404, "server.no_such_address"),
    ],
)
def test_what_cannot_be_answered_says_why_and_what_to_do(
    program: TestClient, path: str, status: int, code: str
) -> None:
    answer = program.get(f"{ROOT}/predict/{path}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert set(answer.json()) == ENVELOPE
    assert "ana@example.com" not in answer.text


def test_a_shop_without_a_model_says_what_to_do(bare: Shop) -> None:
    answer = client(bare, create_token(bare, "one").secret or "").get(f"{ROOT}/predict/value")
    assert (answer.status_code, answer.json()["code"]) == (404, "predict.no_model")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("know/customers?stage=slipping&sort=last&limit=3", "customers --stage slipping --sort last --limit 3"),
        ("know/customers?ascending=yes&sort=net&offset=2", "customers --ascending --sort net --offset 2"),
        ("know/customers?at=2026-03-01&limit=5", "customers --at 2026-03-01 --limit 5"),
        ("know/stages?at=2026-03-01&since=2025-12-01", "stages --at 2026-03-01 --since 2025-12-01"),
        ("know/kpi?by=week&start=2026-01-01", "kpi --by week --from 2026-01-01"),
        ("know/cohorts", "cohorts"),
    ],
)
def test_know_answers_as_on_the_command_line(
    program: TestClient, shop: Shop, capsys: pytest.CaptureFixture[str], path: str, words: str
) -> None:
    answer = program.get(f"{ROOT}/{path}")
    assert answer.status_code == 200, answer.text
    assert answer.json() == told(capsys, shop, "know", *words.split())


def test_know_tells_one_customer_and_the_segments_in_both_languages(program: TestClient, shop: Shop) -> None:
    row = know.customers(shop, sort="orders", limit=1).rows[0]
    one = program.get(f"{ROOT}/know/customers/{row.customer_id}").json()
    assert (one["ref"], one["orders"], one["currency"]) == (row.ref, row.orders, "EUR")
    assert len(one["history"]) >= row.orders
    spanish = program.get(f"{ROOT}/know/customers/{row.customer_id}?lang=es").json()
    assert spanish["stage_reason"] != one["stage_reason"]
    assert spanish["net"] == one["net"]
    english, other = (program.get(f"{ROOT}/know/segments?lang={lang}").json()["segments"] for lang in ("en", "es"))
    assert [each["members"] for each in english] == [each["members"] for each in other]
    assert (english[0]["label"], other[0]["label"]) == ("First-time buyers", "Primera compra")
    missing = program.get(f"{ROOT}/know/customers/999999999")
    assert (missing.status_code, missing.json()["code"]) == (404, "know.no_such_customer")


def test_know_says_whether_the_data_is_sound(program: TestClient, shop: Shop) -> None:
    found, known = program.get(f"{ROOT}/know/health").json(), know.health(shop)
    assert (found["orders"], found["lines"], found["guest_share"]) == (known.orders, known.lines, known.guest_share)
    assert len(found["says"]) == len(known.says)


ORDERS = (
    "order_id,ordered_at,customer_id,sku,name,quantity,unit_price\n1,2025-01-07,7,A,Cup,2,9.50\n2,someday,7,A,Cup,1,9\n"
)


def test_a_file_is_imported_over_the_api_and_again_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    address = f"{ROOT}/collect/import?name=..%2Forders.csv&kind=orders"
    with empty(tmp_path / "shop") as shop:
        bringing = client(shop, create_token(shop, "brings", ["bring"]).secret or "")
        first = bringing.post(address, content=ORDERS.encode()).json()
        assert (first["rows"]["read"], first["rows"]["added"], first["net"]) == (2, 1, "28.00")
        again = bringing.post(address, content=iter([ORDERS[:40].encode(), ORDERS[40:].encode()])).json()
        assert (again["rows"]["added"], again["rows"]["already_there"]) == (0, 1)
        aside = bringing.get(f"{ROOT}/collect/set-aside").json()
        assert aside == told(capsys, shop, "collect", "set-aside")
        assert aside["total"] == 1
        assert aside["rows"][0]["file"].endswith("orders.csv")
        [one] = bringing.get(f"{ROOT}/collect/imports?limit=1").json()["imports"]
        assert (one["rows"], one["new"], one["undone_by"]) == (1, 1, None)
        undone = bringing.post(f"{ROOT}/collect/imports/{one['number']}/undo").json()
        assert (undone["gone"], undone["before"], undone["after"]) == (1, "19.00", "0.00")
        wrong = bringing.post(address, content=b"\x00\x01")
        assert 400 <= wrong.status_code < 500
        assert set(wrong.json()) == ENVELOPE
        assert list((shop.path / "spill").glob("*upload*")) == [], "what was uploaded is gone"


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b"{", "not JSON"),
        (b'{"horizn": "1 year"}', ""),
        (b'{"at": "ana@example.com"}', "$.at"),
        (b'{"model": "ana"}', "$.model"),
    ],
)
def test_a_body_that_does_not_fit_is_refused_and_not_repeated(program: TestClient, body: bytes, where: str) -> None:
    answer = program.post(f"{ROOT}/predict/fit", content=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "server.bad_body")
    assert where in answer.json()["message"]
    assert "ana" not in answer.text


def test_the_description_states_the_shape_of_what_is_sent_and_answered(shop: Shop) -> None:
    told = client(shop).get(f"{ROOT}/openapi.json").json()
    shapes = told["components"]["schemas"]
    for path, methods in told["paths"].items():
        for one in methods.values():
            content = one["responses"]["200"]["content"]
            if path.endswith(".csv"):
                assert content == {"text/csv; charset=utf-8": {"schema": {"type": "string"}}}
                continue
            schema = content["application/json"]["schema"]
            shape = shapes[schema["$ref"].rpartition("/")[2]]
            assert shape["properties"], path
            assert shape["additionalProperties"] is False, path
    fit = told["paths"][f"{ROOT}/predict/fit"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert set(shapes[fit["$ref"].rpartition("/")[2]]["properties"]) == {"at", "horizon", "model"}
    upload = told["paths"][f"{ROOT}/collect/import"]["post"]["requestBody"]["content"]
    assert upload["application/octet-stream"]["schema"]["format"] == "binary"
    assert json.dumps(told).count("#/components/schemas/") > 60
    assert {name.rpartition("/")[2] for name in re.findall(r"#/components/schemas/([\w.]+)", json.dumps(told))} <= set(
        shapes
    )


def test_an_answer_that_is_not_what_was_described_is_a_fault() -> None:
    from volver.predict.replies import Drift

    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"alarm": False, "says": "x", "more": 1}, Drift)


def test_nobody_asks_without_a_token_or_a_session(shop: Shop) -> None:
    for path in ("/predict/value", "/predict/models", "/nowhere"):
        answer = client(shop).get(ROOT + path)
        assert (answer.status_code, answer.json()["code"]) == (401, "server.no_entry")
    assert client(shop).post(f"{ROOT}/predict/fit").status_code == 401


def test_the_console_asks_with_its_session_and_proves_its_posts(shop: Shop) -> None:
    person = visitor(shop)
    csrf = person.get("/").text.split('name="csrf" value="')[1].split('"')[0]
    first = predict.shelf(shop)[0].id
    assert person.get(f"{ROOT}/predict/models").status_code == 200
    address = f"{ROOT}/predict/models/{first}/publish"
    assert person.post(address).json()["code"] == "server.forged"
    assert person.post(address, headers={"x-csrf-token": csrf}).status_code == 200


def test_wrong_tokens_soon_must_wait_and_the_right_one_never(shop: Shop) -> None:
    guessing = client(shop, "volver_guess")
    assert {guessing.get(f"{ROOT}/predict/drift").status_code for _ in range(10)} == {401}
    waiting = guessing.get(f"{ROOT}/predict/drift")
    assert (waiting.status_code, waiting.json()["code"]) == (429, "server.too_many_tries")
    right = {"authorization": f"Bearer {create_token(shop, 'after guesses').secret}"}
    assert guessing.get(f"{ROOT}/predict/drift", headers=right).status_code == 200


def test_long_work_is_done_one_piece_at_a_time(program: TestClient, shop: Shop) -> None:
    with one_at_a_time(shop):
        answer = program.post(f"{ROOT}/predict/fit")
        assert (answer.status_code, answer.json()["code"]) == (409, "predict.busy")
        assert program.get(f"{ROOT}/predict/models").status_code == 200


def test_the_description_names_every_address_and_is_open(shop: Shop) -> None:
    found = client(shop).get(f"{ROOT}/openapi.json").json()
    assert found["openapi"].startswith("3.1")
    asked = {(method, path) for path, methods in found["paths"].items() for method in methods}
    assert ("post", f"{ROOT}/predict/models/{{id}}/publish") in asked
    assert len({one["operationId"] for methods in found["paths"].values() for one in methods.values()}) == len(asked)
    for method, path in asked:
        answer = client(shop).request(method, path.replace("{id}", "1"))
        assert answer.status_code == 401, path


def test_a_token_is_shown_once_kept_as_a_hash_and_can_be_taken_back(bare: Shop) -> None:
    made = create_token(bare, "reporting")
    assert made.secret
    assert client(bare, made.secret).get(f"{ROOT}/predict/models").json() == {"models": []}
    [kept] = list_tokens(bare)
    assert kept.secret is None
    assert kept.used_us
    held = b"".join(path.read_bytes() for path in bare.path.glob("state.db*"))
    assert made.secret.encode() not in held
    with pytest.raises(NameTaken):
        create_token(bare, "reporting")
    with pytest.raises(BadName):
        create_token(bare, "../etc")
    revoke_token(bare, "reporting")
    assert client(bare, made.secret).get(f"{ROOT}/predict/models").status_code == 401
    with pytest.raises(NoSuchName):
        revoke_token(bare, "reporting")


def test_tokens_on_the_command_line(bare: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    made = told(capsys, bare, "token", "create", "nightly job")
    assert str(made["token"]).startswith("volver_")
    assert told(capsys, bare, "token", "list")["tokens"][0]["name"] == "nightly job"  # type: ignore[index]
    assert told(capsys, bare, "token", "revoke", "nightly job") == {"name": "nightly job", "revoked": True}


def test_logs_name_no_parameter(shop: Shop, program: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        program.get(f"{ROOT}/predict/value?horizon=ana@example.com")
    assert "ana@example.com" not in " ".join(
        str(record.__dict__) for record in caplog.records if "httpx" not in record.name
    )


def test_a_list_leaves_over_the_api_in_the_language_that_is_asked(shop: Shop, program: TestClient) -> None:
    lost = know.customers(shop, stage="lost")
    for lang, heading, between in (("es", "Gastado", ";"), ("en", "Spent", ",")):
        answer = program.get(f"{ROOT}/know/customers.csv?stage=lost&sort=net&lang={lang}")
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        head = answer.content.decode("utf-8-sig").splitlines()[0]
        assert f'{between}"{heading}"{between}' in head
        assert answer.text.count("\n") == lost.total + 1
    refused = program.get(f"{ROOT}/know/customers.csv?segment=gone")
    assert refused.json()["code"] == "know.unknown_segment"
    told = program.get(f"{ROOT}/openapi.json").json()["paths"][f"{ROOT}/know/customers.csv"]["get"]
    assert list(told["responses"]["200"]["content"]) == ["text/csv; charset=utf-8"]


def test_segments_are_saved_renamed_listed_and_deleted_over_the_api(shop: Shop, program: TestClient) -> None:
    made = program.post(f"{ROOT}/know/segments/save?lang=es", json={"name": "Gone", "stage": "lost"}).json()
    assert (made["name"], made["kind"], made["rule"]) == ("Gone", "filter", "Perdido")
    address = f"{ROOT}/know/segments/{made['key']}"
    assert program.post(f"{address}/rename", json={"name": "Far"}).json()["name"] == "Far"
    saved = program.get(f"{ROOT}/know/segments").json()["saved"]
    total = know.customers(shop, stage="lost").total
    assert [(each["name"], each["members"]) for each in saved] == [("Far", total)]
    assert program.get(f"{ROOT}/know/customers?segment={made['key']}&limit=1").json()["total"] == total
    assert program.post(f"{address}/delete").json()["name"] == "Far"
    assert program.post(f"{address}/delete").json()["code"] == "know.unknown_segment"
    assert program.post(f"{ROOT}/know/segments/save", json={"stage": "lost"}).json()["code"] == "server.bad_body"
