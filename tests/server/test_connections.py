"""Half-open connections, slow senders and slow takers do not stop the server; real sockets, a real process."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from tests.server.serving import Served, served
from tests.server.world import HELD, WITH_GUARDED
from tests.store.test_worker import until
from tests.world import new_shop
from volver.app import web
from volver.core import VolverError
from volver.server import ServerSettings
from volver.server.connections import HEAD_BYTES, Places, patient, places_here

LARGE = b"x" * 8_000_000


async def small_app(scope, receive, send):  # type: ignore[no-untyped-def]
    """Answers how much came; `/large` with much, `/early` without reading."""
    if scope["type"] != "http":
        return
    size = 0
    while scope["path"] != "/early":
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size += len(message.get("body", b""))
        if not message.get("more_body"):
            break
    body = LARGE if scope["path"] == "/large" else str(size).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
def serving() -> Iterator[Callable[..., Served]]:
    """Serves the small application in this process, with bounds small enough to wait for."""
    with contextlib.ExitStack() as stack:

        def start(app: Any = small_app, **bounds: float) -> Served:
            places = Places(**{"head_s": 0.5, "body_s": 0.5, "taking_s": 0.5, **bounds})  # type: ignore[arg-type]
            config = uvicorn.Config(app, http=patient(places), ws="none", lifespan="off", log_level="error")
            listener = socket.create_server(("127.0.0.1", 0))
            server = uvicorn.Server(config)
            thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])))
            thread.start()
            stack.callback(thread.join)
            stack.callback(lambda: setattr(server, "force_exit", True))
            stack.callback(lambda: setattr(server, "should_exit", True))
            while not server.started:
                time.sleep(0.01)
            return Served(listener.getsockname()[1])

        yield start


def said(asking: socket.socket) -> bytes:
    """Everything until the other side closes."""
    parts = []
    with contextlib.suppress(ConnectionResetError):
        while part := asking.recv(65536):
            parts.append(part)
    return b"".join(parts)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("half") / "shop"
    new_shop(path, name="Test").close()
    return path


HEAD = b"GET / HTTP/1.1\r\nhost: localhost\r\nx-"
BODY = b"POST /login HTTP/1.1\r\nhost: localhost\r\ncontent-length: 60000\r\n\r\na="


@pytest.mark.parametrize(
    ("begun", "files"),
    [
        pytest.param(HEAD, None, id="half a head"),
        pytest.param(BODY, (512, 512), id="half a body, few open files"),
        pytest.param(HEAD, (512, 512), id="half a head, few open files", marks=pytest.mark.slow),
        pytest.param(BODY, None, id="half a body", marks=pytest.mark.slow),
    ],
)
def test_two_thousand_half_open_connections_do_not_keep_the_console_from_answering(
    empty: Path, begun: bytes, files: tuple[int, int] | None
) -> None:
    with served(empty, files=files) as server, contextlib.ExitStack() as held:
        for _ in range(2000):
            one = held.enter_context(server.connect())
            with contextlib.suppress(ConnectionResetError, BrokenPipeError):
                one.sendall(begun)
        for path in ("/healthz", "/login", "/static/app.css"):
            assert server.ask("GET", path).status == 200
        assert len(server.told.read_text(encoding="utf-8").splitlines()) < 10


def test_a_head_that_does_not_end_is_told_so_and_closed(serving: Callable[..., Served]) -> None:
    server = serving()
    for begun in (b"GET / HTTP/1.1\r\nhost: a\r\n", b"G", b"\r\n"):
        with server.connect() as one:
            began = time.monotonic()
            one.sendall(begun)
            assert said(one).startswith(b"HTTP/1.1 408 ")
            assert time.monotonic() - began > 0.3


def test_dripping_a_head_earns_no_time(serving: Callable[..., Served]) -> None:
    server = serving()
    with server.connect() as one:
        one.sendall(b"GET / HTTP/1.1\r\n")
        with contextlib.suppress(ConnectionError):
            for n in range(40):
                one.sendall(b"a%d: b\r\n" % n)
                time.sleep(0.05)
            pytest.fail("it was let drip")


def test_a_connection_that_was_answered_may_not_drip_either(serving: Callable[..., Served]) -> None:
    server = serving()
    with server.connect() as one:
        one.sendall(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        assert one.recv(1000).startswith(b"HTTP/1.1 200")
        with contextlib.suppress(ConnectionError):
            for _ in range(60):
                one.sendall(b"\r\n")
                time.sleep(0.05)
            pytest.fail("it was let drip")


def test_a_slow_body_is_closed_and_a_steady_one_is_read(serving: Callable[..., Served]) -> None:
    server = serving()
    head = b"POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 2000\r\n\r\n"
    with server.connect() as slow:
        slow.sendall(head)
        with contextlib.suppress(ConnectionError):
            for _ in range(100):
                slow.sendall(b"a")
                time.sleep(0.02)
        assert said(slow).startswith(b"HTTP/1.1 408 ")
    with server.connect() as steady:
        steady.sendall(head)
        for _ in range(20):
            steady.sendall(b"a" * 100)
            time.sleep(0.06)
        assert said(steady).endswith(b"2000")


def test_a_body_that_nobody_reads_is_closed_too(serving: Callable[..., Served]) -> None:
    server = serving()
    with server.connect() as one:
        one.sendall(b"POST /early HTTP/1.1\r\nhost: a\r\ncontent-length: 2000\r\n\r\n")
        assert one.recv(1000).startswith(b"HTTP/1.1 200")
        with contextlib.suppress(ConnectionError):
            for _ in range(100):
                one.sendall(b"a")
                time.sleep(0.02)
            pytest.fail("it was let drip")


def test_whoever_does_not_take_the_answer_is_closed(serving: Callable[..., Served]) -> None:
    server = serving()
    with server.connect() as one:
        one.sendall(b"GET /large HTTP/1.1\r\nhost: a\r\n\r\n")
        time.sleep(1.5)
        assert len(said(one)) < len(LARGE)
    with server.connect() as one:
        one.sendall(b"GET /large HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        assert len(said(one)) > len(LARGE)


def test_a_head_may_not_be_endless(serving: Callable[..., Served]) -> None:
    server = serving()
    long = b"a" * HEAD_BYTES
    for head in (
        b"GET /" + long + b" HTTP/1.1\r\nhost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\nx: " + long,
        b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 12_000 + b"\r\n",
    ):
        with server.connect() as one:
            with contextlib.suppress(ConnectionError):
                one.sendall(head)
            assert said(one).startswith(b"HTTP/1.1 431 ")
    with server.connect() as one:
        one.sendall(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx: " + b"a" * 60_000 + b"\r\n\r\n")
        assert said(one).startswith(b"HTTP/1.1 200 ")


def test_the_one_who_waited_longest_makes_room_and_work_is_never_cut(serving: Callable[..., Served]) -> None:
    server = serving(most=4, head_s=20, body_s=20)
    with contextlib.ExitStack() as held:
        working = held.enter_context(server.connect())
        working.sendall(b"POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 4\r\n\r\nab")
        waiting = [held.enter_context(server.connect()) for _ in range(3)]
        for one in waiting:
            one.sendall(b"GET / HTTP/1.1\r\n")
            time.sleep(0.05)
        assert server.ask("GET", "/").status == 200
        assert said(waiting[0]) == b""
        waiting[1].sendall(b"host: a\r\nconnection: close\r\n\r\n")
        assert said(waiting[1]).startswith(b"HTTP/1.1 200")
        working.sendall(b"cd")
        assert said(working).endswith(b"4")


def test_where_all_are_at_work_one_more_is_told_to_come_back(serving: Callable[..., Served]) -> None:
    server = serving(most=2, taking_s=20)
    with server.connect() as one, server.connect() as two:
        for each in (one, two):
            each.sendall(b"GET /large HTTP/1.1\r\nhost: a\r\n\r\n")
            assert each.recv(5) == b"HTTP/"
        with server.connect() as three:
            assert said(three).startswith(b"HTTP/1.1 503 ")


def test_pipelined_requests_are_answered_in_order(serving: Callable[..., Served]) -> None:
    server = serving()
    with server.connect() as one:
        body = b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: %d\r\n\r\n%s"
        one.sendall(body % (1, b"a") + body % (2, b"ab") + b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        told = said(one)
    assert [each.rpartition(b"\r\n\r\n")[2][:1] for each in told.split(b"HTTP/1.1 200 OK")[1:]] == [b"1", b"2", b"0"]


def test_the_server_asks_for_more_open_files_and_keeps_some_for_the_shop() -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(512, hard), hard))
        places = places_here()
        now = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        assert now == min(hard, 16_384)
        assert places.most < now
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_whether_the_server_lives_is_told_while_every_thread_of_the_pages_is_busy(
    serving: Callable[..., Served], tmp_path: Path
) -> None:
    with new_shop(tmp_path / "shop", name="Test") as shop:
        server = serving(web(shop, rooms=WITH_GUARDED), head_s=20, body_s=20)
        with ThreadPoolExecutor(60) as askers:
            held = [askers.submit(server.ask, "GET", "/holds") for _ in range(60)]
            try:
                until(lambda: HELD.n_waiting >= 40)
                assert server.ask("GET", "/healthz", wait_s=5).status == 200
            finally:
                HELD.let_go()
            assert {each.result().status for each in held} == {200}


def test_a_busy_log_does_not_keep_it_from_telling_either(serving: Callable[..., Served], tmp_path: Path) -> None:
    with new_shop(tmp_path / "shop", name="Test") as shop:
        server = serving(web(shop))
        with shop.log._eyes:
            assert server.ask("GET", "/healthz", wait_s=5).status == 200


def test_who_stands_in_front_is_believed_only_where_a_setting_names_it(tmp_path: Path) -> None:
    told = {"x-forwarded-proto": "https", "x-forwarded-for": "203.0.113.7"}
    for name, settings, believed in (("plain", {}, False), ("behind", {"trusted_proxies": "127.0.0.0/8"}, True)):
        new_shop(tmp_path / name, name="Test", server=settings).close()
        with served(tmp_path / name) as server:
            cookie = server.ask("GET", "/login", headers=told).getheader("set-cookie", "")
            assert ("Secure" in cookie) == believed


@pytest.mark.parametrize("wrong", ["everybody", "10.0.0.0/33", "127.0.0.1, *"])
def test_a_proxy_is_named_by_its_address(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(VolverError) as caught, new_shop(tmp_path / "shop", server={"trusted_proxies": wrong}) as shop:
        shop.settings.of(ServerSettings)
    assert caught.value.code == "core.bad_setting"
