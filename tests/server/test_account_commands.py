"""Passwords, links and sessions on the command line."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient

from tests.server.test_doors import PASSWORD, csrf
from tests.world import new_shop
from volver.app import web
from volver.cli.main import main, root
from volver.cli.output import Context
from volver.server import create_account, list_accounts, list_sessions, login_link
from volver.store import Shop

ANA = "ana@example.com"
SAM = "sam@example.com"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with new_shop(tmp_path / "shop", name="Test") as made:
        create_account(made, ANA, "marketer", PASSWORD)
        create_account(made, SAM, "support", PASSWORD)
        yield made


@pytest.fixture
def told(shop: Shop, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """What a command answers, or the code of its error."""

    def run(*words: str) -> str:
        try:
            main(["--shop", str(shop.path), *words])
        except SystemExit:
            return capsys.readouterr().err
        return capsys.readouterr().out

    return run


def inside(shop: Shop, email: str) -> TestClient:
    visitor = TestClient(web(shop), follow_redirects=False)
    assert visitor.post("/login", data={"email": email, "password": PASSWORD, "csrf": csrf(visitor)}).status_code == 303
    return visitor


def is_in(visitor: TestClient) -> bool:
    return visitor.get("/segments").status_code == 200


def opens(shop: Shop, email: str, password: str) -> bool:
    visitor = TestClient(web(shop), follow_redirects=False)
    return visitor.post("/login", data={"email": email, "password": password, "csrf": csrf(visitor)}).status_code == 303


def test_a_new_password_replaces_the_old_and_ends_that_account_s_sessions_and_links(
    shop: Shop, told: Callable[..., str]
) -> None:
    ana, sam = inside(shop, ANA), inside(shop, SAM)
    link = login_link(shop, "http://testserver", ANA).removeprefix("http://testserver")
    fresh = told("account", "password", "Ana@example.com").strip()
    assert len(fresh) >= 10
    assert (is_in(ana), is_in(sam)) == (False, True)
    assert not opens(shop, ANA, PASSWORD)
    assert opens(shop, ANA, fresh)
    assert TestClient(web(shop)).get(link).status_code == 401


def test_making_an_account_again_with_a_new_password_ends_its_sessions_too(
    shop: Shop, told: Callable[..., str]
) -> None:
    ana = inside(shop, ANA)
    told("account", "create", ANA, "--role", "analyst")
    assert not is_in(ana)


def test_a_password_can_be_typed_and_is_never_shown(shop: Shop) -> None:
    typed = "a new long password\n"
    words = ["account", "password", ANA, "--ask"]
    ran = CliRunner().invoke(root, ["--shop", str(shop.path), *words], input=typed * 2, obj=Context(None))
    assert ran.exit_code == 0
    assert "a new long password" not in ran.output
    assert opens(shop, ANA, "a new long password")
    short = CliRunner().invoke(root, ["--shop", str(shop.path), *words], input="short\nshort\n")
    assert short.exception is not None
    assert short.exception.code == "server.weak_password"  # type: ignore[attr-defined]


def test_a_link_opens_whatever_the_password_and_however_many_guess(shop: Shop, told: Callable[..., str]) -> None:
    visitor = TestClient(web(shop), follow_redirects=False)
    form = {"email": ANA, "password": "wrong password", "csrf": csrf(visitor)}
    assert 429 in {visitor.post("/login", data=form).status_code for _ in range(8)}
    link = told("account", "link", ANA, "--address", "http://testserver").strip()
    assert visitor.get(link.removeprefix("http://testserver")).status_code == 303
    assert is_in(visitor)


@pytest.mark.parametrize("words", [("password",), ("link",), ("remove",)])
def test_a_name_without_an_account_is_told_and_makes_none(
    shop: Shop, told: Callable[..., str], words: tuple[str]
) -> None:
    assert "server.no_such_account" in told("account", *words, "nobody@example.com")
    assert {each.email for each in list_accounts(shop)} == {ANA, SAM}


def test_a_removed_account_is_out(shop: Shop, told: Callable[..., str]) -> None:
    ana, sam = inside(shop, ANA), inside(shop, SAM)
    told("account", "remove", ANA)
    assert (is_in(ana), is_in(sam)) == (False, True)
    assert not opens(shop, ANA, PASSWORD)


def test_open_sessions_are_listed_and_ended_one_by_one_by_account_or_all(shop: Shop, told: Callable[..., str]) -> None:
    ana, again, sam = inside(shop, ANA), inside(shop, ANA), inside(shop, SAM)
    listed = json.loads(told("session", "list", "--json"))["sessions"]
    assert [each["account"] for each in listed].count(ANA) == 2
    assert len(json.loads(told("session", "list", "--account", SAM, "--json"))["sessions"]) == 1
    assert all(each["name"] in told("session", "list") for each in listed)
    last = next(each["name"] for each in listed if each["account"] == SAM)
    told("session", "revoke", last)
    assert (is_in(ana), is_in(again), is_in(sam)) == (True, True, False)
    assert json.loads(told("session", "revoke", "--account", ANA, "--json")) == {"revoked": 2}
    assert (is_in(ana), is_in(again)) == (False, False)
    sam = inside(shop, SAM)
    told("session", "revoke", "--all")
    assert not is_in(sam)
    assert list_sessions(shop) == ()


@pytest.mark.parametrize("words", [(), ("x", "--all"), ("--account", ANA, "--all")])
def test_what_to_end_must_be_said_once(shop: Shop, told: Callable[..., str], words: tuple[str, ...]) -> None:
    inside(shop, ANA)
    assert "Name one session" in told("session", "revoke", *words)
    assert "server.no_such_session" in told("session", "revoke", "no-such-one")
    assert "server.no_such_session" in told("session", "revoke", "%")
    assert len(list_sessions(shop)) == 1
