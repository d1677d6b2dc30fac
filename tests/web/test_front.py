"""The front gives short answers where requests arrive, and keeps what waits from keeping others waiting."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest

from iam.api.evaluation import EVALUATION_PATH, EVALUATIONS_PATH, answered_at_once
from iam.web.front import Front, environ_of
from iam.web.turns import leave_turn

Environ = dict[str, Any]
MOST = 100


class Pairs:
    """Headers as Granian gives them."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._pairs = pairs

    def items(self) -> list[tuple[str, str]]:
        return self._pairs


@dataclass
class Scope:
    """A request as Granian tells it."""

    path: str = "/x"
    method: str = "POST"
    pairs: list[tuple[str, str]] = field(default_factory=list)
    query_string: str = "a=1"
    http_version: str = "1.1"
    server: str = "127.0.0.1:8080"
    client: str = "127.0.0.9:1234"
    scheme: str = "http"
    authority: str | None = None

    @property
    def headers(self) -> Pairs:
        return Pairs(self.pairs)


class Exchange:
    """A request's body and what was answered."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces = pieces
        self.taken = 0
        self.answer: tuple[int, list[tuple[str, str]], bytes] | None = None

    async def __call__(self) -> bytes:
        self.taken = len(self.pieces)
        return b"".join(self.pieces)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            self.taken += 1
            yield piece

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.answer = status, headers, body


def sent(application: Callable[..., Iterable[bytes]], scope: Scope, *pieces: bytes, at_once: bool = True) -> Exchange:
    """One request through a front."""
    exchange = Exchange(list(pieces))
    front = Front(application, at_once=lambda *_: at_once, in_turn=["/turn"], threads=2, largest_body=MOST)
    asyncio.run(front.__rsgi__(scope, exchange))  # type: ignore[arg-type]
    return exchange


def echo(environ: Environ, start_response: Callable[..., object]) -> list[bytes]:
    start_response("201 Created", [("X-Read", threading.current_thread().name)])
    return [environ["wsgi.input"].read(), b"|", environ.get("CONTENT_LENGTH", "").encode()]


def length(count: int) -> list[tuple[str, str]]:
    return [("content-length", str(count))]


def test_an_answer_is_that_of_the_application() -> None:
    exchange = sent(echo, Scope(pairs=length(3)), b"abc")
    assert exchange.answer == (201, [("X-Read", threading.current_thread().name)], b"abc|3")


@pytest.mark.parametrize("path", ["/turn", "/other"])
def test_what_waits_is_answered_in_a_thread_of_its_own(path: str) -> None:
    exchange = sent(echo, Scope(path=path, pairs=length(3)), b"abc", at_once=False)
    assert exchange.answer is not None
    assert exchange.answer[2] == b"abc|3"
    assert exchange.answer[1] != [("X-Read", threading.current_thread().name)]


@pytest.mark.parametrize("declared", [str(MOST + 1), "9" * 30, "-1", "x", "²"])
def test_a_body_that_is_declared_too_large_or_oddly_is_not_taken_in(declared: str) -> None:
    exchange = sent(echo, Scope(pairs=[("content-length", declared)]), b"a" * 1000)
    assert exchange.taken == 0
    assert exchange.answer is not None
    assert exchange.answer[2] == b"|" + declared.encode()


def test_a_body_without_a_length_is_taken_in_no_further_than_its_limit() -> None:
    exchange = sent(echo, Scope(pairs=[("transfer-encoding", "chunked")]), *[b"a" * 60] * 50)
    assert exchange.taken == 2
    assert exchange.answer is not None
    assert len(exchange.answer[2]) == 121


def test_a_failure_is_an_answer_that_says_nothing() -> None:
    def fails(_environ: Environ, _start: object) -> list[bytes]:
        raise RuntimeError("secret")

    exchange = sent(fails, Scope())
    assert exchange.answer is not None
    assert exchange.answer[0] == 500
    assert b"secret" not in exchange.answer[2]


def test_what_an_application_opened_is_closed() -> None:
    class Pieces(list[bytes]):
        closed = False

        def close(self) -> None:
            Pieces.closed = True

    def application(_environ: Environ, start_response: Callable[..., object]) -> Pieces:
        start_response("200 OK", [])
        return Pieces([b"x"])

    sent(application, Scope())
    assert Pieces.closed


def test_the_environment_says_what_the_request_says() -> None:
    pairs = [("host", "a"), ("host", "b"), ("content-type", "text/plain"), ("x-one", "1"), ("x_forwarded_host", "evil")]
    environ = environ_of(Scope(path="/é/x", pairs=pairs))  # type: ignore[arg-type]
    assert environ["HTTP_HOST"] == "a,b"
    assert environ["CONTENT_TYPE"] == "text/plain"
    assert environ["PATH_INFO"].encode("latin-1").decode() == "/é/x"
    assert environ["REMOTE_ADDR"] == "127.0.0.9"
    assert (environ["SERVER_NAME"], environ["SERVER_PORT"]) == ("127.0.0.1", "8080")
    assert "HTTP_X_FORWARDED_HOST" not in environ


def test_nothing_of_the_process_environment_reaches_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROCURA_SEALING_KEY_VALUE", "canary")
    assert "canary" not in environ_of(Scope()).values()  # type: ignore[arg-type]


def test_only_an_evaluation_that_uses_nothing_up_is_answered_at_once() -> None:
    assert answered_at_once(EVALUATION_PATH, b'{"subject":{}}')
    assert not answered_at_once(EVALUATIONS_PATH, b'{"subject":{}}')
    assert not answered_at_once(EVALUATION_PATH, b'{"subject":{"properties":{"authentication":"x"}}}')
    assert not answered_at_once(EVALUATION_PATH, rb'{"subject":{"properties":{"\u0061uthentication":"x"}}}')


def test_what_writes_or_waits_by_its_headers_is_not_answered_where_requests_arrive() -> None:
    """A proof of possession is used up; about a certificate its authority is asked, which delays no other token."""
    opened = threading.Event()

    def application(environ: Environ, start_response: Callable[..., object]) -> list[bytes]:
        start_response("200 OK", [("X-Read", threading.current_thread().name)])
        if "HTTP_X_PROCURA_CLIENT_CERTIFICATE" in environ:
            assert opened.wait(20)
        return [b"done"]

    here = threading.current_thread().name
    exchange = sent(application, Scope(pairs=[("dpop", "x")]))
    assert exchange.answer is not None and dict(exchange.answer[1])["X-Read"] != here
    front = Front(application, at_once=lambda *_: False, in_turn=["/turn"], threads=2, largest_body=MOST)

    async def both() -> None:
        slow, short = Exchange([]), Exchange([])
        scope = Scope(path="/turn", pairs=[("x-procura-client-certificate", "x")])
        waiting = asyncio.create_task(front.__rsgi__(scope, slow))  # type: ignore[arg-type]
        await asyncio.sleep(0.05)
        await front.__rsgi__(Scope(path="/turn"), short)  # type: ignore[arg-type]
        assert (short.answer is not None, slow.answer) == (True, None)
        opened.set()
        await waiting

    asyncio.run(both())


def test_what_waits_keeps_no_other_request_waiting() -> None:
    opened = threading.Event()

    def application(environ: Environ, start_response: Callable[..., object]) -> list[bytes]:
        start_response("200 OK", [])
        if environ["PATH_INFO"] == "/slow":
            assert opened.wait(20)
        return [b"done"]

    front = Front(application, at_once=lambda path, _: path == "/short", in_turn=[], threads=2, largest_body=MOST)

    async def both() -> None:
        slow, short = Exchange([]), Exchange([])
        waiting = asyncio.create_task(front.__rsgi__(Scope(path="/slow"), slow))  # type: ignore[arg-type]
        await asyncio.sleep(0.05)
        await front.__rsgi__(Scope(path="/short"), short)  # type: ignore[arg-type]
        assert (short.answer is not None, slow.answer) == (True, None)
        opened.set()
        await waiting
        assert slow.answer is not None

    asyncio.run(both())


def test_who_takes_long_begins_anew_beside_those_who_wait_their_turn() -> None:
    opened = threading.Event()

    def application(environ: Environ, start_response: Callable[..., object]) -> list[bytes]:
        body = environ["wsgi.input"].read()
        if body == b"slow":
            leave_turn()
            assert opened.wait(20)
        start_response("200 OK", [])
        return [body]

    front = Front(application, at_once=lambda *_: False, in_turn=["/turn"], threads=2, largest_body=MOST)

    async def both() -> None:
        slow, short = Exchange([b"slow"]), Exchange([b"short"])
        scope = Scope(path="/turn", pairs=length(4))
        waiting = asyncio.create_task(front.__rsgi__(scope, slow))  # type: ignore[arg-type]
        await asyncio.sleep(0.05)
        await front.__rsgi__(Scope(path="/turn", pairs=length(5)), short)  # type: ignore[arg-type]
        assert (short.answer, slow.answer) == ((200, [], b"short"), None)
        opened.set()
        await waiting
        assert slow.answer == (200, [], b"slow")

    asyncio.run(both())


def test_an_answer_that_cannot_be_sent_leaves_the_next_its_turn() -> None:
    class Gone(Exchange):
        def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
            raise RuntimeError("nobody is there")

    front = Front(echo, at_once=lambda *_: False, in_turn=["/turn"], threads=2, largest_body=MOST)

    async def both() -> None:
        gone, here = Gone([]), Exchange([])
        for exchange in (gone, here):
            await front.__rsgi__(Scope(path="/turn"), exchange)  # type: ignore[arg-type]
        assert (gone.answer, here.answer is not None) == (None, True)

    asyncio.run(both())


def test_a_body_that_breaks_off_is_the_sender_s_fault_and_reaches_nobody() -> None:
    class BreaksOff(Exchange):
        async def __call__(self) -> bytes:
            raise RuntimeError("the connection was closed")

    def application(_environ: Environ, _start: object) -> list[bytes]:
        raise AssertionError("it is not asked")

    front = Front(application, at_once=lambda *_: True, in_turn=[], threads=1, largest_body=MOST)
    exchange = BreaksOff([])
    asyncio.run(front.__rsgi__(Scope(pairs=length(3)), exchange))  # type: ignore[arg-type]
    assert exchange.answer is not None and (exchange.answer[0], exchange.answer[2]) == (400, b'{"status":400}')


def test_many_are_answered_in_the_order_in_which_they_came() -> None:
    answered: list[bytes] = []

    def application(environ: Environ, start_response: Callable[..., object]) -> list[bytes]:
        answered.append(environ["wsgi.input"].read())
        start_response("200 OK", [])
        return answered[-1:]

    front = Front(application, at_once=lambda *_: False, in_turn=["/turn"], threads=2, largest_body=MOST)
    said = [str(number).encode() for number in range(100, 200)]

    async def all_of_them() -> None:
        scope, exchanges = Scope(path="/turn", pairs=length(3)), [Exchange([one]) for one in said]
        await asyncio.gather(*(front.__rsgi__(scope, one) for one in exchanges))  # type: ignore[arg-type]
        assert [one.answer[2] for one in exchanges if one.answer] == said

    asyncio.run(all_of_them())
    assert answered == said


def test_cookies_that_come_in_pieces_are_one_header_again() -> None:
    pairs = [("cookie", "a=1"), ("x", "1"), ("cookie", "b=2; c=3"), ("x", "2")]
    environ = environ_of(Scope(pairs=pairs))  # type: ignore[arg-type]
    assert (environ["HTTP_COOKIE"], environ["HTTP_X"]) == ("a=1; b=2; c=3", "1,2")
