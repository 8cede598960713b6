"""Each part of the server has a guard of its own: write keys, signed addresses, limits, forms."""

import base64
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from tests.server.world import SMALL, WITH_GUARDED, csrf_of, guarded
from tests.world import Line, shop_of
from volver import know
from volver.app import web
from volver.cli.main import main
from volver.core import clock
from volver.server import create_key, create_token, list_keys, revoke_key
from volver.store import Shop, open_signed, sign

HOUR_US = 3_600_000_000


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    path = tmp_path_factory.mktemp("guards") / "shop"
    with shop_of(path, [Line(order="1", customer=1, product=1, day=0, price=5)]) as made:
        know.refresh(made)
        yield made


@pytest.fixture(scope="module")
def key(shop: Shop) -> str:
    return create_key(shop, "website").secret or ""


def basic(key: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}


def test_a_write_key_sends_as_basic_name_or_as_bearer(shop: Shop, key: str) -> None:
    client = guarded(shop)
    for headers in (basic(key), {"authorization": f"Bearer {key}"}):
        answer = client.post("/v1/echo", content=b"x" * 10, headers=headers)
        assert (answer.status_code, answer.json()["size"], answer.json()["key"]) == (200, 10, "website")


def test_a_write_key_reads_nothing_and_a_token_or_a_session_writes_nothing(shop: Shop, key: str) -> None:
    token = create_token(shop, "reads", ["read", "customers", "bring", "learn"]).secret or ""
    client = guarded(shop)
    assert client.get("/api/v1/know/health", headers={"authorization": f"Bearer {key}"}).status_code == 401
    assert client.get("/", headers={"authorization": f"Bearer {key}"}).status_code == 303
    assert client.post("/v1/echo", headers={"authorization": f"Bearer {token}"}).status_code == 401
    owner = guarded(shop, "owner")
    answer = owner.post("/v1/echo", headers={"x-csrf-token": csrf_of(owner)})
    assert (answer.status_code, answer.json()["code"]) == (401, "server.no_key")


@pytest.mark.parametrize("sent", ["Basic !!!", "Basic w6k=", "Basic", "Bearer", "Digest x", "Basic /w=="])
def test_a_broken_header_is_a_missing_key(shop: Shop, sent: str) -> None:
    assert guarded(shop).post("/v1/echo", headers={"authorization": sent}).json()["code"] == "server.no_key"


def test_scripts_of_any_origin_may_send_but_no_cookie_goes_along(shop: Shop, key: str) -> None:
    client = guarded(shop)
    asked = {"origin": "https://shop.example", "access-control-request-method": "POST"}
    before = client.options("/v1/echo", headers=asked)
    assert (before.status_code, before.headers["access-control-allow-origin"]) == (204, "*")
    assert "authorization" in before.headers["access-control-allow-headers"].lower()
    for answer in (before, client.post("/v1/echo", headers=basic(key)), client.post("/v1/echo")):
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers
        assert "set-cookie" not in answer.headers
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path", ["/", "/api/v1/know/health", "/in/shop", "/p/preferences", "/healthz", "/static/app.css"]
)
def test_no_other_part_is_open_to_other_origins(shop: Shop, key: str, path: str) -> None:
    answer = guarded(shop).get(path, headers={"origin": "https://shop.example", **basic(key)})
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_more_than_an_address_takes_is_refused_said_or_not(shop: Shop, key: str) -> None:
    client = guarded(shop)
    assert client.post("/v1/echo", content=b"x" * SMALL, headers=basic(key)).json()["size"] == SMALL
    said = client.post("/v1/echo", content=b"x" * (SMALL + 1), headers=basic(key))
    unsaid = client.post("/v1/echo", content=iter([b"x" * SMALL, b"x"]), headers=basic(key))
    for answer in (said, unsaid):
        assert (answer.status_code, answer.json()["code"]) == (413, "server.too_large")
    signed = sign(shop, "/p/preferences", 1, clock.now_us() + HOUR_US)
    for body in (b"x" * (SMALL + 1), iter([b"x" * SMALL, b"x"])):
        assert client.post(signed, content=body).status_code == 413
    assert client.post(f"/in/shop?key={key}", content=b"x" * (SMALL + 1)).status_code == 413
    token = {"authorization": f"Bearer {create_token(shop, 'large', ['learn']).secret}"}
    fit = client.post("/api/v1/predict/fit", content=b"x" * 70_000, headers=token)
    assert (fit.status_code, fit.json()["code"]) == (413, "server.too_large")


def test_a_platform_that_knows_only_an_address_sends_its_key_in_it(shop: Shop, key: str) -> None:
    client = guarded(shop)
    assert client.post(f"/in/shop?key={key}", content=b"abc").json() == {
        "size": 3,
        "key": "website",
        "customer_id": None,
    }
    assert client.post("/in/shop", headers=basic(key)).status_code == 200
    assert client.post("/in/shop?key=volver_write_guess").json()["code"] == "server.no_key"
    assert client.post(f"/v1/echo?key={key}").status_code == 401


def test_wrong_keys_soon_must_wait_and_the_right_one_never(shop: Shop, key: str) -> None:
    client = guarded(shop)
    assert {client.post("/v1/echo", headers=basic("guess")).status_code for _ in range(10)} == {401}
    waiting = client.post("/v1/echo", headers=basic("guess"))
    assert (waiting.status_code, waiting.json()["code"]) == (429, "server.too_many_keys")
    assert client.post("/v1/echo", headers=basic(key)).status_code == 200


def test_wrong_signatures_do_not_close_the_address_to_its_customer(shop: Shop) -> None:
    client = guarded(shop)
    assert {client.get("/p/preferences?s=1.2.3").status_code for _ in range(15)} == {403}
    assert client.get(sign(shop, "/p/preferences", 1, clock.now_us() + HOUR_US)).status_code == 200


def test_a_key_is_kept_as_a_hash_and_can_be_taken_back(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--shop", str(shop.path), "key", "create", "till"])
    secret = capsys.readouterr().out.strip()
    assert guarded(shop).post("/v1/echo", headers=basic(secret)).status_code == 200
    assert secret.encode() not in b"".join(path.read_bytes() for path in shop.path.glob("state.db*"))
    assert {each.name: bool(each.used_us) for each in list_keys(shop)}["till"]
    revoke_key(shop, "till")
    assert guarded(shop).post("/v1/echo", headers=basic(secret)).status_code == 401


def test_a_fault_is_told_to_programs_as_json_and_to_customers_calmly(shop: Shop, key: str) -> None:
    client = guarded(shop)
    assert client.get("/v1/breaks", headers=basic(key)).json()["code"] == "server.fault"
    page = client.get(sign(shop, "/p/breaks", 1, clock.now_us() + HOUR_US))
    assert page.status_code == 500
    assert "Something broke on our side." in page.text
    assert 'href="/"' not in page.text
    assert "doctor" not in page.text


def test_a_signed_address_opens_to_its_customer_for_reading_and_posting(shop: Shop) -> None:
    client, address = guarded(shop), sign(shop, "/p/preferences", 42, clock.now_us() + HOUR_US)
    for answer in (client.get(address), client.post(address, content=b"ab")):
        assert answer.json()["customer_id"] == 42
        assert "set-cookie" not in answer.headers
        assert answer.headers["cache-control"] == "no-store"


def test_a_signed_address_cannot_be_changed(shop: Shop) -> None:
    client, until = guarded(shop), clock.now_us() + HOUR_US
    path, _, signature = sign(shop, "/p/preferences", 42, until).partition("?s=")
    customer, until_s, mac = signature.split(".")
    other = sign(shop, "/p/breaks", 42, until).partition("?s=")[2]
    last = "1" if mac.endswith("0") else "0"
    forged = ["", "x", f"43.{until_s}.{mac}", f"{customer}.{int(until_s) + 1}.{mac}", other]
    forged += [
        f"{customer}.{until_s}.{mac[:-1]}{last}",
        f"{signature}.",
        f"+{signature}",
        f"{customer}.{'9' * 30}.{mac}",
    ]
    for each in forged:
        assert open_signed(shop, path, each) is None, each
    assert open_signed(shop, path, signature) == 42
    answer = client.get(f"{path}?s=43.{until_s}.{mac}")
    assert answer.status_code == 403
    assert "This link is not valid any more." in answer.text
    assert 'href="/"' not in answer.text
    assert client.get("/p/preferences").status_code == 403
    assert client.get("/p/nowhere").status_code == 403


def test_a_signed_address_ends(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOLVER_NOW", "2026-01-01T10:00:00")
    address = sign(shop, "/p/preferences", 42, clock.now_us() + HOUR_US)
    assert guarded(shop).get(address).status_code == 200
    monkeypatch.setenv("VOLVER_NOW", "2026-01-01T11:00:01")
    assert guarded(shop).get(address).status_code == 403


def test_another_shop_signs_with_another_key(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> None:
    with shop_of(tmp_path_factory.mktemp("other") / "shop", []) as other:
        until = clock.now_us() + HOUR_US
        mine, theirs = sign(shop, "/p/preferences", 1, until), sign(other, "/p/preferences", 1, until)
    assert mine != theirs


def test_a_page_that_takes_much_must_carry_its_token_in_a_header(shop: Shop) -> None:
    person = guarded(shop, "owner")
    token = csrf_of(person)
    large = person.post("/upload", content=b"x" * 150_000, headers={"x-csrf-token": token})
    assert large.json()["size"] == 150_000
    assert person.post("/upload", data={"csrf": token}).status_code == 403
    assert person.post("/upload", content=b"x" * 200_001, headers={"x-csrf-token": token}).status_code == 413


def test_guards_hold_whatever_the_spelling_of_the_address(shop: Shop) -> None:
    client = TestClient(web(shop, rooms=WITH_GUARDED), follow_redirects=False)
    for path in (
        "/api/../customers",
        "/static/../customers",
        "//customers",
        "/customers/",
        "/%63ustomers",
        "/api/v1",
        "/v1",
    ):
        answer = client.get(path)
        assert answer.status_code in (303, 307, 401, 404), path
        assert "<h1>Customers" not in answer.text
