"""Who may enter, and how: links, passwords, sessions, forged posts, foreign hosts."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.world import Line, copied, shop_of
from volver import know
from volver.app import web
from volver.server import WeakPassword, create_owner, login_link
from volver.server.patience import Patience
from volver.store import Shop

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def owned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("owned") / "shop"
    with shop_of(path, [Line(order="1", customer=1, product=1, day=0, price=5)]) as made:
        know.refresh(made)
        create_owner(made, "Owner", PASSWORD)
    return path


@pytest.fixture
def shop(owned: Path, tmp_path: Path) -> Iterator[Shop]:
    with copied(owned, tmp_path / "shop") as made:
        yield made


@pytest.fixture
def visitor(shop: Shop) -> TestClient:
    return TestClient(web(shop), follow_redirects=False)


def enter(visitor: TestClient, shop: Shop) -> None:
    link = login_link(shop, "http://testserver")
    assert visitor.get(link.removeprefix("http://testserver")).headers["location"] == "/"


def cookie_of(visitor: TestClient, kind: str) -> tuple[str, str]:
    """The name and the value of a cookie of ours."""
    return next((name, value) for name, value in visitor.cookies.items() if f"volver_{kind}_" in name)


def csrf(visitor: TestClient, path: str = "/login") -> str:
    return visitor.get(path).text.split('name="csrf" value="')[1].split('"')[0]


@pytest.mark.parametrize("path", ["/", "/customers", "/customers/1", "/segments", "/value"])
def test_no_page_opens_without_a_session(visitor: TestClient, path: str) -> None:
    answer = visitor.get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/login?next={path}")


def test_a_login_link_opens_once_and_a_scanner_does_not_use_it_up(visitor: TestClient, shop: Shop) -> None:
    link = login_link(shop, "http://testserver").removeprefix("http://testserver")
    assert visitor.head(link).status_code == 204
    assert visitor.get(link).status_code == 303
    assert visitor.get("/").status_code == 200
    assert TestClient(web(shop)).get(link).status_code == 401


def test_an_old_link_is_closed(visitor: TestClient, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOLVER_NOW", "2026-01-01T10:00:00")
    link = login_link(shop, "http://testserver").removeprefix("http://testserver")
    monkeypatch.setenv("VOLVER_NOW", "2026-01-01T10:15:01")
    assert visitor.get(link).status_code == 401


def test_the_right_password_opens_whatever_the_case_of_the_name(visitor: TestClient) -> None:
    form = {"email": "OWNER", "password": PASSWORD, "csrf": csrf(visitor)}
    assert visitor.post("/login", data=form).status_code == 303
    assert visitor.get("/segments").status_code == 200


def test_patience_returns_and_remembers_no_more_than_it_must() -> None:
    now = 0
    patience = Patience(most=2, within_us=10, now=lambda: now)
    assert [patience.failed("a") for _ in range(3)] == [1, 2, 2]
    assert patience.is_over("a")
    now = 11
    assert not patience.is_over("a")
    assert patience.failed("a") == 1


def test_a_post_without_its_token_is_refused(visitor: TestClient, shop: Shop) -> None:
    enter(visitor, shop)
    assert visitor.post("/language", data={"lang": "es"}).status_code == 403
    assert visitor.post("/language", data={"lang": "es", "csrf": "x" * 32}).status_code == 403
    assert visitor.post("/logout", content=b"a" * 100_000).status_code == 403


def test_leaving_ends_the_session(visitor: TestClient, shop: Shop) -> None:
    enter(visitor, shop)
    token = csrf(visitor, "/")
    name, cookie = cookie_of(visitor, "session")
    assert visitor.post("/logout", data={"csrf": token}).status_code == 303
    visitor.cookies.set(name, cookie)
    assert visitor.get("/").status_code == 303


def test_language_and_theme_stay_with_the_account(visitor: TestClient, shop: Shop) -> None:
    enter(visitor, shop)
    form = {"csrf": csrf(visitor, "/"), "lang": "es", "next": "/segments", "theme": "dark"}
    assert visitor.post("/language", data=form).headers["location"] == "/segments"
    visitor.post("/theme", data=form)
    page = visitor.get("/").text
    assert 'lang="es"' in page
    assert "dark" in page.split("<body")[0]


@pytest.mark.parametrize("where", ["//elsewhere.example", "https://elsewhere.example", "/\\elsewhere.example"])
def test_no_one_is_sent_elsewhere(visitor: TestClient, shop: Shop, where: str) -> None:
    enter(visitor, shop)
    form = {"csrf": csrf(visitor, "/"), "lang": "en", "next": where}
    assert visitor.post("/language", data=form).headers["location"] == "/"


def test_a_foreign_host_name_is_not_answered(shop: Shop) -> None:
    assert TestClient(web(shop), base_url="http://evil.example").get("/healthz").status_code == 400


def test_every_answer_carries_the_strict_headers(visitor: TestClient, shop: Shop) -> None:
    enter(visitor, shop)
    for path in ("/", "/customers", "/nowhere", "/static/app.css"):
        answer = visitor.get(path)
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "style=" not in answer.text if path != "/static/app.css" else True
    assert visitor.get("/").headers["cache-control"] == "no-store"


def test_secrets_are_never_stored(shop: Shop, visitor: TestClient) -> None:
    enter(visitor, shop)
    _, session = cookie_of(visitor, "session")
    held = b"".join(path.read_bytes() for path in shop.path.glob("state.db*"))
    assert session.encode() not in held
    assert PASSWORD.encode() not in held


def test_a_short_password_is_refused_and_a_new_one_replaces_the_old(shop: Shop, visitor: TestClient) -> None:
    with pytest.raises(WeakPassword):
        create_owner(shop, "owner", "short")
    create_owner(shop, "owner", "another long one")
    token = csrf(visitor)
    old = visitor.post("/login", data={"email": "owner", "password": PASSWORD, "csrf": token})
    new = visitor.post("/login", data={"email": "owner", "password": "another long one", "csrf": token})
    assert (old.status_code, new.status_code) == (401, 303)
