"""Every address × every role: the table of rights says who may, and every address obeys it."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import text
from starlette.routing import BaseRoute, Mount
from starlette.testclient import TestClient

from tests.server.world import WITH_GUARDED, csrf_of, guarded
from tests.world import Line, shop_of
from volver import know
from volver.app import ROOMS, web
from volver.cli.main import main
from volver.core import Page, Room, VolverError
from volver.server import RIGHTS, ROLES, SCOPES, Door, create_account, create_token, list_accounts, login_link
from volver.store import Shop

# What each role may, written here once more: changing one table alone fails.
MAY = {
    "owner": "open self read customers export segment bring learn",
    "marketer": "open self read customers export segment bring learn",
    "analyst": "open self read customers export segment learn",
    "support": "open self read customers",
    "privacy": "open self read customers",
    None: "open",
}
WHERE = {"id": "1", "id:int": "1", "number": "1", "key": "saved-1"}
Asked = tuple[str, str, str]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    path = tmp_path_factory.mktemp("roles") / "shop"
    with shop_of(path, [Line(order="1", customer=1, product=1, day=0, price=5)]) as made:
        know.refresh(made)
        yield made


def walked(routes: Sequence[BaseRoute], before: str = "") -> Iterator[tuple[str, BaseRoute]]:
    for route in routes:
        if isinstance(route, Mount):
            yield from walked(route.routes, before + route.path) if route.routes else [(before + route.path, route)]
        else:
            yield before + route.path, route  # type: ignore[attr-defined]


def every_address(shop: Shop) -> list[Asked]:
    """Each method of each address, and the right that it demands."""
    found = []
    for path, route in walked(web(shop, rooms=WITH_GUARDED).routes):
        if path in ("/static", "/holds"):  # what holds its thread for a minute guards nothing
            continue
        assert isinstance(route, Door), f"{path} stands outside the guards"
        for name, value in WHERE.items():
            path = path.replace(f"{{{name}}}", value)
        found += [(method, path, route.right) for method in sorted((route.methods or set()) - {"HEAD"})]
    return found


def test_the_table_of_rights_is_the_one_that_was_agreed() -> None:
    assert {role: set(rights.split()) for role, rights in MAY.items() if role} == {k: set(v) for k, v in ROLES.items()}
    assert set(RIGHTS) == {*MAY["owner"].split(), "write", "link"}
    assert set(SCOPES) == set(RIGHTS) - {"open", "self", "write", "link"}


def test_every_part_has_addresses_and_every_right_guards_one(shop: Shop) -> None:
    found = every_address(shop)
    assert {path.split("/")[1] for _, path, _ in found} >= {"api", "v1", "in", "p", "customers", "healthz"}
    assert {right for _, _, right in found} == set(RIGHTS)
    assert len(found) > 40


def is_let_in(client: TestClient, method: str, path: str, csrf: str) -> bool:
    """Whether the guard let a request through; what the address then answers is not its concern."""
    answer = client.request(method, path, headers={"x-csrf-token": csrf})
    if path.startswith(("/api", "/v1", "/in", "/metrics")):
        code = answer.json().get("code", "") if answer.status_code >= 400 else ""
        assert code != "server.fault"
        assert answer.status_code != 404 or code != "server.no_such_address", (method, path)
        return code not in ("server.no_entry", "server.not_allowed", "server.no_key")
    assert answer.status_code != 405, (method, path)
    to_login = answer.status_code == 303 and answer.headers["location"].startswith("/login?next=")
    return answer.status_code != 403 and not to_login


@pytest.mark.parametrize("role", MAY)
def test_every_address_obeys_the_table(shop: Shop, role: str | None) -> None:
    with shop.state.begin() as state:
        state.execute(text("delete from login_tries"))  # the fifth login would wait for its turn
    client, rights = guarded(shop, role), set(MAY[role].split())
    csrf = csrf_of(client, "/" if role else "/login")
    wrong, asked = [], 0
    for method, path, right in every_address(shop):
        if path == "/logout" or (path == "/api/v1/predict/fit" and right in rights):
            continue  # leaving would end the session; fitting is tried where it is wanted
        asked += 1
        if is_let_in(client, method, path, csrf) != (right in rights):
            wrong.append((method, path, right))
    assert not wrong
    assert asked > 40


@pytest.mark.parametrize("scope", SCOPES)
def test_a_token_opens_what_its_scope_says_and_no_more(shop: Shop, scope: str) -> None:
    secret = create_token(shop, f"only {scope}", [scope]).secret
    client = TestClient(web(shop), headers={"authorization": f"Bearer {secret}"})
    for method, path, right in every_address(shop):
        if path.startswith("/api/") and path != "/api/v1/predict/fit":
            assert is_let_in(client, method, path, "") == (right in (scope, "open")), (method, path)


def test_a_new_address_without_a_known_right_fails(shop: Shop) -> None:
    room = Room(name="new", pages=(Page(path="/new", where="tests.server.world:echo", right="anything"),))
    with pytest.raises(VolverError) as caught:
        web(shop, rooms=(*ROOMS, room))
    assert caught.value.code == "server.unknown_right"


def test_an_unknown_role_opens_nothing(shop: Shop) -> None:
    from sqlalchemy import update

    from volver.store import schema

    create_account(shop, "odd@example.com", "support")
    with shop.state.begin() as rows:
        rows.execute(update(schema.accounts).where(schema.accounts.c.email == "odd@example.com").values(role="guest"))
    client = TestClient(web(shop), follow_redirects=False)
    client.get(login_link(shop, "http://testserver", "odd@example.com"))
    assert client.get("/").status_code == 403
    assert client.get("/api/v1/know/health").json()["code"] == "server.not_allowed"


def test_a_login_link_does_not_change_the_role(shop: Shop) -> None:
    create_account(shop, "sam@example.com", "support")
    login_link(shop, "http://testserver", "sam@example.com")
    assert {each.email: each.role for each in list_accounts(shop)}["sam@example.com"] == "support"


def test_accounts_with_roles_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shop_of(tmp_path / "shop", [Line(order="1", customer=1, product=1, day=0, price=5)]).close()
    main(["--shop", str(tmp_path / "shop"), "account", "create", "Ana@example.com", "--role", "analyst", "--json"])
    assert '"role": "analyst"' in capsys.readouterr().out
    main(["--shop", str(tmp_path / "shop"), "account", "list"])
    assert "ana@example.com  analyst" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["--shop", str(tmp_path / "shop"), "account", "create", "ana@example.com", "--role", "king"])
    assert "server.unknown_role" in capsys.readouterr().err
