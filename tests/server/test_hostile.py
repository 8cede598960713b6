"""Every address × what nobody should send: it answers a page or a refusal, never a fault.

Addresses come from the application's own list and the names of fields from its own sources, so a new one is tried
without being named here. Requests are built as the server builds them, which no client would send.
"""

import asyncio
import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import volver
from tests.server.test_doors import cookie_of
from tests.server.test_roles import walked
from tests.server.world import WITH_GUARDED, csrf_of, guarded
from tests.ui.world import one_customer
from tests.world import examples
from volver.app import web
from volver.core import clock
from volver.server import SCOPES, Door, create_key, create_token
from volver.server.api.answering import questions_of
from volver.store import Shop, sign

SOURCES = sorted(path for part in ("ui", "server") for path in (Path(volver.__file__).parent / part).rglob("*"))
NAMED = re.compile(r"""(?:\.get\("|\["|name=")([a-z_]{1,20})\"""")
NOT_ASKED = {
    "/holds",
    "/logout",
    "/v1/breaks",
    "/p/breaks",
}  # two that fail on purpose, one that waits, one that ends it
HOUR_US = 3_600_000_000

VALUES = {
    "nothing": b"",
    "thirty digits": b"9" * 30,
    "five thousand digits": b"9" * 5000,
    "nineteen digits": b"9223372036854775808",
    "negative": b"-1",
    "not a number": b"NaN",
    "no end": b"1e999",
    "digits of another script": quote("٣٣").encode(),
    "nul": b"a%00b",
    "half a character": b"%ff%fe%ed%a0%80",
    "broken percent": b"%zz%",
    "lines": b"a%0d%0aset-cookie:%20x=1",
    "markup": b"%3Cscript%3E%27%22--%3B%7B%7B7*7%7D%7D",
    "a path": b"..%2F..%2Fetc%2Fpasswd",
    "another host": b"%2F%2Fevil.example",
    "a name in SQL": b"%25' or 1=1 --".replace(b" ", b"%20").replace(b"'", b"%27"),
    "long": b"a" * 60_000,
    "a day that is none": b"2025-02-30",
    "an early day": b"0001-01-01",
    "a late day": b"9999-12-31",
    "blank": b"%20%E2%80%AE%F0%9F%98%80",
}
BODIES: dict[str, tuple[bytes, bytes]] = {
    "nothing": (b"application/json", b""),
    "not JSON": (b"application/json", b"{"),
    "deep JSON": (b"application/json", b"[" * 50_000),
    "a list": (b"application/json", b"[]"),
    "a number": (b"application/json", b"NaN"),
    "invalid UTF-8": (b"application/json", b'{"a":"\xff\xfe"}'),
    "a lone surrogate": (b"application/json", b'{"name":"\\ud800"}'),
    "a huge number": (b"application/json", b'{"a":' + b"9" * 10_000 + b"}"),
    "a megabyte": (b"application/octet-stream", b"a" * 1_000_000),
    "no boundary": (b"multipart/form-data", b"--x\r\n"),
    "a broken part": (b"multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--"),
    "a part that does not end": (
        b"multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="a"',
    ),
    "a strange charset": (b"application/x-www-form-urlencoded; charset=none-such", b"a=%ff"),
    "many fields": (b"application/x-www-form-urlencoded", b"&".join(b"a%d=1" % n for n in range(5000))),
    "no kind": (b"", b"\x00\x01\x02"),
    "a kind of control characters": (b"\x7f;;=\xff", b"a=b"),
}
HEADERS: dict[str, tuple[bytes, bytes]] = {
    "language": (b"accept-language", b"\xff" * 1000 + b",,;q=,es-"),
    "cookie": (b"cookie", b"a=b; =; ;;" + b"x=\xff" * 1000),
    "authorization": (b"authorization", b"Bearer \xff\xfe"),
    "basic": (b"authorization", b"Basic " + b"=" * 1000),
    "token": (b"x-csrf-token", b"\xff" * 1000),
    "range": (b"range", b"bytes=0-,-1,9-1,99999999999999999999-"),
    "since": (b"if-modified-since", b"never"),
    "length": (b"content-length", b"9" * 5000),
    "fragment": (b"hx-request", b"true"),
    "type": (b"content-type", b"multipart/form-data; boundary=" + b"x" * 5000),
}


class Asker:
    """Asks an application as the server would; whoever it is may do everything."""

    def __init__(self, shop: Shop) -> None:
        owner = guarded(shop, "owner")
        name, session = cookie_of(owner, "session")
        token, key = create_token(shop, "all", SCOPES).secret, create_key(shop, "site").secret
        self.shop, self.app = shop, web(shop, rooms=WITH_GUARDED)
        self.csrf = csrf_of(owner)
        self.person = [(b"cookie", f"{name}={session}".encode()), (b"x-csrf-token", self.csrf.encode())]
        self.program = [(b"authorization", f"Bearer {token}".encode())]
        self.page = [(b"authorization", f"Bearer {key}".encode())]
        self.loop = asyncio.new_event_loop()

    def who(self, path: str) -> list[tuple[bytes, bytes]]:
        """The proof that a part of the server wants."""
        if path.startswith(("/api", "/metrics")):
            return self.program
        return self.page if path.startswith(("/v1", "/in")) else self.person

    def ask(self, method: str, target: bytes, more: list[tuple[bytes, bytes]] = [], body: bytes = b"") -> int:  # noqa: B006
        """The status of the answer; 0 where a fault came out of the application."""
        raw, _, query = target.partition(b"?")
        path = unquote(raw.decode("ascii"))
        if path.startswith("/p/") and "s=" not in query.decode():
            query = sign(self.shop, path, 1, clock.now_us() + HOUR_US).partition("?")[2].encode() + b"&" + query
        replaced = {name for name, _ in more}
        headers = [(b"host", b"testserver"), *(each for each in self.who(path) if each[0] not in replaced), *more]
        if method == "POST" and b"content-length" not in replaced:
            headers.append((b"content-length", str(len(body)).encode()))
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": raw,
            "query_string": query,
            "root_path": "",
            "headers": headers,
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 8080),
            "state": {},
        }
        return self.loop.run_until_complete(self._answer(scope, body))

    async def _answer(self, scope: dict[str, Any], body: bytes) -> int:
        status, sent = 0, False

        async def receive() -> dict[str, Any]:
            nonlocal sent
            if sent:
                await asyncio.sleep(600)
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                for name, value in message["headers"]:
                    assert not re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", name + value), "a line in a header"

        try:
            await self.app(scope, receive, send)
        except Exception as problem:  # noqa: BLE001  it is what the test looks for
            print(f"{type(problem).__name__}: {str(problem)[:200]}")
            return 0
        return status


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    with one_customer(tmp_path_factory.mktemp("hostile") / "shop") as shop:
        asking = Asker(shop)
        yield asking
        asking.loop.close()


def every_door(asker: Asker) -> list[tuple[str, str]]:
    """Each method of each address, its parameters as they stand in it."""
    found = []
    for path, route in walked(asker.app.routes):
        if isinstance(route, Door) and path not in NOT_ASKED:
            found += [(method, path) for method in sorted(route.methods or ())]
    return found


def field_names() -> list[str]:
    """What the sources read from requests, and what forms send."""
    texts = [path.read_text(encoding="utf-8") for path in SOURCES if path.suffix in (".py", ".html")]
    return sorted({name for text in texts for name in NAMED.findall(text)} - {"csrf", "s"})


def filled(path: str, value: bytes = b"1") -> bytes:
    """An address with a value in the place of each parameter."""
    return b"".join(value if part.startswith("{") else part.encode() for part in re.split(r"(\{[^}]*\})", path))


def wrong(answers: dict[str, int]) -> dict[str, int]:
    """What is a fault."""
    return {told: status for told, status in answers.items() if not 200 <= status < 500}


def test_the_names_of_fields_are_found() -> None:
    assert {"page", "stage", "segment", "sort", "email", "password", "next", "token", "view"} <= set(field_names())


@pytest.mark.parametrize("kind", VALUES)
def test_no_value_in_an_address_is_a_fault(asker: Asker, kind: str) -> None:
    value, answers = VALUES[kind], {}
    every = b"&".join(name.encode() + b"=" + value for name in field_names())
    for method, path in every_door(asker):
        if "{" in path:
            answers[f"{method} {path} in the path"] = asker.ask(method, filled(path, value[:20_000]))
        if method != "HEAD" and not path.startswith("/api"):
            answers[f"{method} {path} in the query"] = asker.ask(method, filled(path) + b"?" + every)
    assert not wrong(answers)


@pytest.mark.parametrize("kind", VALUES)
def test_no_value_of_a_parameter_of_the_api_is_a_fault(asker: Asker, kind: str) -> None:
    value, answers = VALUES[kind], {}
    for each in questions_of(WITH_GUARDED):
        path = filled("/api/v1" + each.path)
        for one in each.all_parameters:
            if not one.in_path:
                given = one.name.encode() + b"=" + value
                answers[f"{each.path} {one.name}"] = asker.ask(each.method, path + b"?" + given)
                answers[f"{each.path} {one.name} twice"] = asker.ask(each.method, path + b"?" + given + b"&" + given)
    assert answers
    assert not wrong(answers)


@pytest.mark.parametrize("kind", VALUES)
def test_no_value_in_a_form_is_a_fault(asker: Asker, kind: str) -> None:
    value, answers = VALUES[kind][:3000], {}
    fields = b"&".join(name.encode() + b"=" + value for name in field_names())
    form = (b"content-type", b"application/x-www-form-urlencoded")
    for method, path in every_door(asker):
        if method == "POST" and not path.startswith("/api"):
            for more in ([form], [form, (b"hx-request", b"true")]):
                answers[f"{path} {len(more)}"] = asker.ask(method, filled(path), more, fields)
    assert answers
    assert not wrong(answers)


@pytest.mark.parametrize("kind", BODIES)
def test_no_body_is_a_fault(asker: Asker, kind: str) -> None:
    content_type, body = BODIES[kind]
    answers = {
        f"{method} {path}": asker.ask(method, filled(path), [(b"content-type", content_type)], body)
        for method, path in every_door(asker)
        if method != "HEAD"
    }
    assert not wrong(answers)


@pytest.mark.parametrize("kind", HEADERS)
def test_no_header_is_a_fault(asker: Asker, kind: str) -> None:
    answers = {
        f"{method} {path}": asker.ask(method, filled(path), [HEADERS[kind]]) for method, path in every_door(asker)
    }
    assert not wrong(answers)


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"])
def test_no_method_is_a_fault(asker: Asker, method: str) -> None:
    answers = {path: asker.ask(method, filled(path)) for _, path in every_door(asker)}
    assert not wrong(answers)


def test_wrong_types_in_json_are_refused(asker: Asker) -> None:
    odd: list[Any] = [None, True, -1, 10**40, 1.5, "", "x" * 10_000, [], {}, [[]], {"a": None}, "\x00"]
    answers = {}
    for each in questions_of(WITH_GUARDED):
        if each.takes is None:
            continue
        for value in odd:
            body = dict.fromkeys(each.takes.__struct_fields__, value)
            more = [(b"content-type", b"application/json")]
            path = filled("/api/v1" + each.path)
            answers[f"{each.path} {str(value)[:10]}"] = asker.ask(each.method, path, more, json.dumps(body).encode())
    assert not wrong(answers)


def test_a_packed_body_is_refused_and_not_unpacked(asker: Asker) -> None:
    bomb, told = gzip.compress(b"a" * 50_000_000), {}
    for method, path in every_door(asker):
        if method == "POST":
            told[path] = asker.ask(method, filled(path), [(b"content-encoding", b"gzip")], bomb[:1000])
    assert {status for path, status in told.items() if path.startswith(("/v1", "/api", "/in", "/p"))} == {415}
    assert not wrong(told)


@pytest.mark.slow
@settings(max_examples=examples(200, 2000))
@given(data=st.data())
def test_nothing_that_can_be_drawn_is_a_fault(asker: Asker, data: st.DataObject) -> None:
    method, path = data.draw(st.sampled_from(every_door(asker)))
    value = quote(data.draw(st.binary(max_size=40)), safe="").encode()
    names = st.sampled_from([*field_names(), *(p.name for q in questions_of(WITH_GUARDED) for p in q.parameters)])
    query = b"&".join(
        name.encode() + b"=" + quote(data.draw(st.binary(max_size=30)), safe="%").encode()
        for name in data.draw(st.lists(names, max_size=3))
    )
    kind = (b"content-type", data.draw(st.sampled_from([each for each, _ in BODIES.values()])))
    status = asker.ask(method, filled(path, value) + b"?" + query, [kind], data.draw(st.binary(max_size=200)))
    assert 200 <= status < 500, (method, path)
