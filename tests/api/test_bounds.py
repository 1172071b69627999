"""Limits around every route, over a real socket: bodies, depth, time, characters, names, request ids."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest

from shelfread.api.asgi import Message
from shelfread.api.bounds import BODY_LIMIT, DEPTH_LIMIT, Bounds, check_body
from shelfread.api.problems import ApiProblem
from tests.api.api_stand import NO_SQL, Live
from tests.api.lasting_servers import LASTING

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _raw(live: Live, said: bytes) -> bytes:
    """What the server answers to these bytes, until it closes the connection."""

    def talk() -> bytes:
        address = urlsplit(live.url)
        with socket.create_connection((address.hostname, address.port), 20) as one:
            one.sendall(said)
            found = b""
            while part := one.recv(65536):
                found += part
            return found

    return await asyncio.to_thread(talk)


@LASTING
async def test_a_body_that_is_too_large_is_refused_however_it_comes(live: Live) -> None:
    for size, status in ((BODY_LIMIT - 20, 422), (BODY_LIMIT + 1, 413), (10 * BODY_LIMIT, 413)):
        body = json.dumps({"name": "x" * size}).encode()

        async def pieces(body: bytes = body) -> Any:
            for start in range(0, len(body), 4096):
                yield body[start : start + 4096]

        headers = {"Content-Type": "application/json"}
        for content in (body, pieces()):
            answer = await live.ask("POST", "/api/v1/tokens", headers=headers, content=content)
            assert answer.status_code == status, size
            if status == 413:
                assert answer.json()["type"] == "/problems/too-large"
    # Refused by what it says, before any of it has come.
    head = b"POST /api/v1/tokens HTTP/1.1\r\nHost: localhost\r\n"
    login = f"Authorization: Bearer {live.tokens['admin']}\r\n".encode()
    told = await _raw(live, head + login + b"Content-Length: 9999999999999999999\r\n\r\n")
    assert told.startswith(b"HTTP/1.1 413 ")


@LASTING
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"[" * 10_000, 400),
        (b"[" * (DEPTH_LIMIT + 1) + b"]" * (DEPTH_LIMIT + 1), 400),
        (b'{"a":' * 60_000 + b"1", 413),
        (b'{"name": "' + b"[" * 5000 + b'"}', 422),
        (b'{"name": "a\\u0000"}', 422),
        (b'{"name": "\\ud800"}', 422),
        (b'{"\\udcff": 1}', 422),
        (b'{"name": "a\\', 422),
        (b'{"name": ' + b"9" * 5000 + b"}", 400),
        (b"\xff\xfe", 422),
        (b"", 422),
        (b"null", 422),
        (b"NaN", 422),
    ],
    ids=lambda value: repr(value)[:20],
)
async def test_odd_json_is_a_4xx_and_nothing_else(live: Live, body: bytes, status: int) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await live.ask("POST", "/api/v1/tokens", headers=headers, content=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"].startswith("/problems/")


async def test_brackets_in_texts_are_no_depth() -> None:
    check_body(json.dumps({"a": "[" * 1000 + '"' + "{" * 1000 + "\\"}).encode())
    check_body(b'"' + b"[" * 1000)
    check_body(b"[" * DEPTH_LIMIT)
    check_body(b"[]" * 1000)
    with pytest.raises(ApiProblem):
        check_body(b'["\\"",' * (DEPTH_LIMIT + 1))


async def test_a_body_that_does_not_come_to_its_end_is_given_up() -> None:
    sent: list[Message] = []

    async def application(*_: Any) -> None:
        raise AssertionError("never")

    async def receive() -> Message:
        if not sent_first:
            sent_first.append(1)
            return {"type": "http.request", "body": b"{", "more_body": True}
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    sent_first: list[int] = []
    scope = {"type": "http", "method": "POST", "path": "/x", "headers": [(b"transfer-encoding", b"chunked")]}
    await Bounds(application, body_s=0.01)(scope, receive, send)
    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]


async def test_a_client_that_leaves_in_the_middle_of_its_body_is_no_fault(live: Live) -> None:
    async def never(*_: Any) -> Any:
        raise AssertionError("never")

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    scope = {"type": "http", "method": "POST", "path": "/x", "headers": [(b"content-length", b"3")]}
    await Bounds(never)(scope, receive, never)


@LASTING
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/tokens/%00", 404),
        ("/api/v1/me/..%2f..%2fetc/passwd", 404),
        ("/api/v1/%ff", 404),
        ("/api/v1/me?x=%00", 422),
        ("/api/v1/me?x=%ff", 422),
        ("/api/v1/me?" + "x" * 9000, 414),
        ("//api/v1/me", 404),
        ("/api/v1/me/", 404),
        ("/API/V1/me", 404),
    ],
)
async def test_odd_addresses_are_a_4xx_and_nothing_else(live: Live, path: str, status: int) -> None:
    head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    answer = await _raw(live, f"{head}Authorization: Bearer {live.tokens['admin']}\r\n\r\n".encode())
    assert int(answer.split(b" ")[1]) == status, answer
    assert b"application/problem+json" in answer


@LASTING
@NO_SQL
@pytest.mark.parametrize(
    ("hosts", "status"),
    [
        (["localhost"], 200), (["LOCALHOST:99"], 200), (["127.0.0.1"], 200), (["[::1]:1"], 200),
        (["evil.example"], 421), (["192.0.2.1"], 421), (["localhost@evil.example"], 421),
        (["localhost, evil.example"], 421), ([""], 421), ([], 400), (["localhost", "evil.example"], 400),
    ],
)  # fmt: skip
async def test_only_its_own_names_are_answered(live: Live, hosts: list[str], status: int) -> None:
    lines = "".join(f"Host: {host}\r\n" for host in hosts)
    for path in ("/healthz", "/api/v1/setup"):
        answer = await _raw(live, f"GET {path} HTTP/1.1\r\n{lines}Connection: close\r\n\r\n".encode())
        assert int(answer.split(b" ")[1]) == status, answer
        if status == 421:
            assert b"/problems/wrong-host" in answer


@LASTING
async def test_a_request_has_an_id_its_own_one_when_that_is_sane(live: Live) -> None:
    for given in ("abc-1.2_3", "x" * 64):
        answer = await live.ask("GET", "/healthz", headers={"X-Request-Id": given})
        assert answer.headers["x-request-id"] == given
    seen = set()
    for given in ("", "a b", "x" * 65, "a\tb", "<script>", "a;b"):
        answer = await live.ask("GET", "/nowhere", headers={"X-Request-Id": given})
        made = answer.headers["x-request-id"]
        assert made not in (given, "")
        seen.add(made)
    assert len(seen) == 6


async def test_what_changes_something_has_a_line_in_the_log_without_its_secrets(
    live: Live, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "shelfread.api"):
        await live.ask("POST", "/api/v1/tokens", json={"name": "x"})
        await live.ask("GET", "/api/v1/me?x=hush")
        await live.ask("POST", "/api/v1/login", json={"name": "x", "password": "hush"})
        await live.ask("POST", "/api/v1/tokens?x=hush", token="read", json={"name": "x"})
    said = [record.getMessage() for record in caplog.records if record.name == "shelfread.api.trace"]
    assert [line.partition(" in ")[0] for line in said] == [
        "POST /api/v1/tokens: 201",
        "POST /api/v1/tokens: 403",
    ]
    assert said[0].endswith(" ms, from 127.0.0.1, with the token 3 (test admin)")
    assert said[1].endswith(" ms, from 127.0.0.1, with the token 1 (test read)")
    assert not any("hush" in record.getMessage() for record in caplog.records)


@LASTING
async def test_an_answer_to_a_wrong_request_does_not_repeat_its_values(live: Live) -> None:
    answer = await live.ask("POST", "/api/v1/login", json={"name": "x", "password": ["hush"], "hush": 1})
    assert answer.status_code == 422
    assert {"body.password"} <= {one["where"] for one in answer.json()["errors"]}
    assert '"hush"' not in answer.text.replace("body.hush", "")
