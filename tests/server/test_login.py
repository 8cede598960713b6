"""Guessing passwords is slow whoever does it, and never keeps the right one out."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter, sleep
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.server.serving import Served, cookies_of, served
from tests.server.test_doors import PASSWORD, cookie_of, csrf, enter
from tests.world import examples, new_shop
from volver.app import web
from volver.server import change_password, create_account, create_owner
from volver.server.accounts import check_password
from volver.server.console import throttle
from volver.server.console.throttle import MustWait, Throttle
from volver.server.tries import DEVICE, STRANGERS, WINDOW_US, Pace, claim, give_back
from volver.store import Shop, State

AT_MOST = 10


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with new_shop(tmp_path / "shop", name="Test") as made:
        create_owner(made, "owner", PASSWORD)
        yield made


@pytest.fixture
def clock_at(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    def at(second: float) -> None:
        monkeypatch.setenv("VOLVER_NOW", f"2026-01-01T10:{int(second) // 60:02d}:{int(second) % 60:02d}")

    at(0)
    return at


def post(visitor: TestClient, token: str, password: str, email: str = "owner"):  # type: ignore[no-untyped-def]
    return visitor.post("/login", data={"email": email, "password": password, "csrf": token})


def test_wrong_names_and_wrong_passwords_look_alike_and_soon_must_wait(shop: Shop, clock_at) -> None:  # type: ignore[no-untyped-def]
    visitor = TestClient(web(shop), follow_redirects=False)
    token = csrf(visitor)
    for name in ("owner", "nobody@example.com"):
        told = [post(visitor, token, "wrong password", name) for _ in range(STRANGERS.at_once)]
        assert {each.status_code for each in told} == {401}
    waiting = post(visitor, token, "wrong password")
    assert (waiting.status_code, waiting.headers["retry-after"]) == (429, "50")
    assert "50 seconds" in waiting.text
    assert post(visitor, token, "wrong password", "nobody@example.com").status_code == 429


def test_ten_wrong_tries_do_not_lock_out_the_right_password(shop: Shop, clock_at) -> None:  # type: ignore[no-untyped-def]
    visitor = TestClient(web(shop), follow_redirects=False)
    token = csrf(visitor)
    told = Counter(post(visitor, token, "wrong password").status_code for _ in range(10))
    assert told == {401: 4, 429: 6}
    clock_at(51)
    assert post(visitor, token, PASSWORD).status_code == 303


def test_a_device_that_came_in_before_does_not_wait_for_those_who_guess(shop: Shop, clock_at) -> None:  # type: ignore[no-untyped-def]
    owner, guessing = (TestClient(web(shop), follow_redirects=False) for _ in range(2))
    enter(owner, shop)
    owner.post("/logout", data={"csrf": csrf(owner, "/")})
    token = csrf(guessing)
    assert 429 in {post(guessing, token, "wrong password").status_code for _ in range(6)}
    assert post(owner, csrf(owner), PASSWORD).status_code == 303


def test_a_stolen_device_guesses_no_faster_than_a_stranger(shop: Shop, clock_at) -> None:  # type: ignore[no-untyped-def]
    thief = TestClient(web(shop), follow_redirects=False)
    enter(thief, shop)
    thief.post("/logout", data={"csrf": csrf(thief, "/")})
    token = csrf(thief)
    told = Counter(post(thief, token, "wrong password").status_code for _ in range(12))
    assert told == {401: DEVICE.at_once, 429: 12 - DEVICE.at_once}


@pytest.mark.parametrize("spoil", ["password", "other account", "forged"])
def test_a_device_is_known_to_its_account_alone_and_only_as_long_as_the_password(
    shop: Shop, clock_at, spoil: str
) -> None:  # type: ignore[no-untyped-def]
    visitor = TestClient(web(shop), follow_redirects=False)
    enter(visitor, shop)
    visitor.post("/logout", data={"csrf": csrf(visitor, "/")})
    name = "owner"
    if spoil == "password":
        change_password(shop, "owner", "another long password")
    elif spoil == "other account":
        create_account(shop, "sam@example.com", "support", PASSWORD)
        name = "sam@example.com"
    else:
        cookie, value = cookie_of(visitor, "device")
        visitor.cookies.set(cookie, "a" + value, domain="testserver.local")
    token = csrf(visitor)
    told = Counter(post(visitor, token, "wrong password", name).status_code for _ in range(6))
    assert told == {401: STRANGERS.at_once, 429: 2}


def test_the_right_password_does_not_count(shop: Shop, clock_at) -> None:  # type: ignore[no-untyped-def]
    for _ in range(8):
        visitor = TestClient(web(shop), follow_redirects=False)
        assert post(visitor, csrf(visitor), PASSWORD).status_code == 303


def test_coming_in_begins_a_new_session_and_ends_the_one_before(shop: Shop) -> None:
    visitor = TestClient(web(shop), follow_redirects=False)
    enter(visitor, shop)
    name, before = cookie_of(visitor, "session")
    assert post(visitor, csrf(visitor), PASSWORD).status_code == 303
    _, after = cookie_of(visitor, "session")
    assert before != after
    visitor.cookies.clear()
    visitor.cookies.set(name, before)
    assert visitor.get("/").status_code == 303


def test_over_https_cookies_are_bound_to_the_host(shop: Shop) -> None:
    visitor = TestClient(web(shop), base_url="https://testserver", follow_redirects=False)
    assert post(visitor, csrf(visitor), PASSWORD).status_code == 303
    assert {name.partition("volver_")[0] for name in visitor.cookies} == {"__Host-"}


def test_two_shops_on_one_machine_do_not_log_each_other_out(shop: Shop, tmp_path: Path) -> None:
    with new_shop(tmp_path / "other", name="Other") as other:
        first, second = (TestClient(web(each), follow_redirects=False) for each in (shop, other))
        second.cookies = first.cookies
        enter(first, shop)
        enter(second, other)
        assert (first.get("/").status_code, second.get("/").status_code) == (200, 200)


def test_an_unknown_name_costs_as_much_as_a_wrong_password(shop: Shop) -> None:
    from argon2 import PasswordHasher
    from argon2.low_level import Type

    from volver.server.accounts import _decoy

    hasher, decoy = PasswordHasher(), _decoy()
    assert not hasher.check_needs_rehash(decoy)
    assert hasher.type is Type.ID
    assert check_password(shop, "nobody", PASSWORD) is None
    spent = []
    for name in ("owner", "nobody"):
        began = perf_counter()
        assert check_password(shop, name, "wrong password") is None
        spent.append(perf_counter() - began)
    assert spent[1] > 0.2 * spent[0]


PACES = st.builds(Pace, at_once=st.integers(1, 5), every_us=st.integers(1_000, 100_000_000))
NOW = 1_700_000_000_000_000


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[State]:
    with new_shop(tmp_path_factory.mktemp("tries") / "shop", name="Test") as made:
        yield made.state


@settings(max_examples=examples(30, 300))
@given(pace=PACES, waits=st.lists(st.integers(0, 200_000_000), min_size=1, max_size=25))
def test_no_window_lets_more_tries_through_than_the_pace_says(state: State, pace: Pace, waits: list[int]) -> None:
    now, passed, key = NOW, list[int](), str(uuid4())
    for wait in waits:
        now += wait
        left = claim(state, key, pace, now)
        if left == 0:
            passed.append(now)
        else:
            assert claim(state, key, pace, now + left - 1) > 0
    most = pace.at_once + WINDOW_US // pace.every_us
    assert all(sum(one <= other < one + WINDOW_US for other in passed) <= most for one in passed)
    assert passed


def test_the_paces_let_at_most_ten_through_in_a_window() -> None:
    for pace in (STRANGERS, DEVICE):
        assert pace.at_once + WINDOW_US // pace.every_us == AT_MOST


def test_waiting_as_long_as_was_said_is_enough(state: State) -> None:
    for _ in range(STRANGERS.at_once):
        assert claim(state, "patient", STRANGERS, NOW) == 0
    left = claim(state, "patient", STRANGERS, NOW)
    assert claim(state, "patient", STRANGERS, NOW + left) == 0


def test_what_a_wrong_clock_wrote_locks_nobody_out(state: State) -> None:
    for _ in range(STRANGERS.at_once):
        claim(state, "early", STRANGERS, NOW + 10**15)
    assert claim(state, "early", STRANGERS, NOW) == 0


def test_tries_that_come_at_once_do_not_pass_together(state: State) -> None:
    with ThreadPoolExecutor(16) as guessers:
        told = list(guessers.map(lambda _: claim(state, "at once", STRANGERS, NOW), range(64)))
    assert told.count(0) == STRANGERS.at_once


def test_tries_that_are_past_leave_nothing(state: State) -> None:
    for n in range(20):
        claim(state, f"name {n}", STRANGERS, NOW)
    claim(state, "later", STRANGERS, NOW + 10**12)
    assert state.quick_read("select count(*) from login_tries where clear_us <= :now", now=NOW + 10**12) == [(0,)]
    give_back(state, "later", STRANGERS)
    assert claim(state, "later", STRANGERS, NOW + 10**12) == 0


async def _here() -> bool:
    return False


async def _gone() -> bool:
    return True


def looks(shop: Shop, password: str, address: str, is_gone=_here) -> object:  # type: ignore[no-untyped-def]
    """Look at a password; the account, None, or how many seconds to wait."""
    return _looked(Throttle(shop), password, address, is_gone)


async def _looked(of: Throttle, password: str, address: str, is_gone=_here) -> object:  # type: ignore[no-untyped-def]
    try:
        return await of.check("owner", password, address, "", is_gone)
    except MustWait as problem:
        return f"wait {problem.seconds}"


def test_whoever_has_hardly_tried_goes_before_those_who_try_again_and_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = Pace(at_once=1, every_us=1_500_000)
    monkeypatch.setattr(throttle, "STRANGERS", quick)
    monkeypatch.setattr(throttle, "_PAUSE_S", 0.05)

    async def storm() -> tuple[object, list[object]]:
        of = Throttle(shop)
        guesses = [asyncio.create_task(_looked(of, "wrong password", f"10.0.0.{n % 5}")) for n in range(15)]
        await asyncio.sleep(0.3)
        mine = await _looked(of, PASSWORD, "10.0.0.99")
        for each in guesses:
            each.cancel()
        return mine, [each.result() for each in guesses if each.done() and not each.cancelled()]

    mine, told = asyncio.run(storm())
    assert mine == 1
    assert told.count(None) <= 2


def test_who_has_gone_takes_nobody_s_turn(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "_PAUSE_S", 0.05)

    async def story() -> list[object]:
        of = Throttle(shop)
        told = [await _looked(of, "wrong password", f"10.0.0.{n}") for n in range(STRANGERS.at_once)]
        return [*told, await _looked(of, PASSWORD, "10.0.0.99", _gone)]

    assert asyncio.run(story()) == [None] * STRANGERS.at_once + ["wait 50"]


def guess(server: Served, cookie: str, token: str, source: str, password: str, wait_s: float) -> int:
    """The answer to a password from an address; 0 where there was none yet."""
    body = urlencode({"email": "owner", "password": password, "csrf": token})
    sent = {"cookie": cookie, "content-type": "application/x-www-form-urlencoded"}
    try:
        return server.ask("POST", "/login", body, sent, source, wait_s).status
    except TimeoutError:
        return 0


@pytest.mark.parametrize("patient", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_storm_of_guesses_is_slow_takes_little_and_lets_the_owner_in(tmp_path: Path, *, patient: bool) -> None:
    path = tmp_path / "shop"
    with new_shop(path, name="Test") as made:
        create_owner(made, "owner", PASSWORD)
    with served(path) as server:
        page = server.ask("GET", "/login")
        visit, token = cookies_of(page), page.text.split('name="csrf" value="')[1].split('"')[0]  # type: ignore[attr-defined]
        device = next(each for each in cookies_of(server.ask("GET", server.link)).split("; ") if "device" in each)
        before, wait_s = server.memory_kb(), 100 if patient else 10
        with ThreadPoolExecutor(510) as guessers:
            storm = [
                guessers.submit(guess, server, visit, token, f"127.0.1.{n % 50 + 1}", f"wrong password {n}", wait_s)
                for n in range(500)
            ]
            while sum(each.done() for each in storm) < 300:
                sleep(0.05)
            assert guess(server, f"{visit}; {device}", token, "127.0.0.1", PASSWORD, 100) == 303
            if patient:
                assert guess(server, visit, token, "127.0.2.1", PASSWORD, 100) == 303
            assert server.ask("GET", "/healthz").status == 200
            told = Counter(each.result() for each in storm)
        assert STRANGERS.at_once <= told[401] <= AT_MOST
        assert set(told) <= {401, 429, 0}
        assert told[429] > 400
        assert server.memory_kb() - before <= 300 * 1024
