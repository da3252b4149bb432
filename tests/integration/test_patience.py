"""The listener's patience: connections that take too long, send too much, or are too many."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from litestar import Litestar, Request, get, post, websocket
from litestar.connection import WebSocket
from litestar.response import Stream
from websockets.asyncio.client import connect

from kgraph.cli.process.patience import HEADER_BYTES, Doors, Patience
from kgraph.cli.process.serving import address_of, listening, running

SECONDS = 20
QUICK = Patience(header_seconds=0.3, body_seconds=0.3)
GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n"


@asynccontextmanager
async def serving(patience: Patience, cut: asyncio.Event | None = None) -> AsyncIterator[httpx.URL]:
    """A server with that patience, which says hello, and how long a body is; `cut` is set as a stream is given up."""

    @get("/", sync_to_thread=False)
    def hello() -> str:
        return "hello"

    @post("/")
    async def length(request: Request[Any, Any, Any]) -> int:
        return len(await request.body())

    @get("/headers", sync_to_thread=False)
    def client(request: Request[Any, Any, Any]) -> dict[str, str]:
        return {"client": request.client.host if request.client else "", "scheme": request.url.scheme}

    @get("/much")
    async def much() -> Stream:
        async def parts() -> AsyncIterator[bytes]:
            try:
                while True:
                    yield b"x" * 65_536
                    await asyncio.sleep(0)  # who sends to nobody waits for nobody either
            finally:
                if cut is not None:
                    cut.set()

        return Stream(parts())

    @websocket("/socket")
    async def socket(socket: WebSocket[Any, Any, Any]) -> None:
        await socket.accept()
        await socket.receive_text()

    app = Litestar([hello, length, client, much, socket], request_max_body_size=1_000_000, openapi_config=None)
    with listening("127.0.0.1", 0) as listener:
        async with running(app, listener, 1000, patience=patience):
            yield httpx.URL(address_of(listener))


async def said(url: httpx.URL, *parts: bytes, source: str = "127.0.0.1") -> bytes:
    """All that the server says to somebody who sends these parts and no more, until it hangs up."""
    reader, writer = await asyncio.open_connection(url.host, url.port, local_addr=(source, 0))
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
        async with asyncio.timeout(SECONDS):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


def problem(answer: bytes) -> tuple[int, str]:
    """The status and the detail of an answer that is a problem, with the headers that every answer has."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head
    assert b"connection: close" in head
    assert b"X-Content-Type-Options: nosniff" in head
    found = json.loads(body)
    assert int(head.split(b" ", 2)[1]) == found["status"]
    return found["status"], found["detail"]


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        pytest.param([GET + b"X-Slow: "], "the headers of a request did not come within 0.3 s", id="headers"),
        pytest.param([b"G"], "the headers of a request did not come within 0.3 s", id="line"),
        pytest.param(
            [b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nabc"],
            "the body of a request did not come within 0.3 s",
            id="body",
        ),
        pytest.param(
            [b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n"],
            "the body of a request did not come within 0.3 s",
            id="chunks",
        ),
    ],
)
async def test_who_takes_too_long_to_ask_is_told_so_and_let_go(parts: list[bytes], told: str) -> None:
    """A request that does not come to its end is answered 408, and its connection closed."""
    async with serving(QUICK) as url:
        assert problem(await said(url, *parts)) == (408, told)


@pytest.mark.parametrize("sent", [b"", b"\r\n\r\n", GET + b"\r\n\r\n"], ids=["nothing", "empty-lines", "after-one"])
async def test_who_asks_nothing_is_let_go(sent: bytes) -> None:
    """A connection on which nothing is asked, at first or any more, is closed after a while."""
    async with serving(QUICK) as url:
        answer = await said(url, sent)
        assert b"408" not in answer or sent == b"\r\n\r\n"


async def test_a_slow_request_holds_up_nobody_else() -> None:
    """While many connections send their headers slowly, another one is answered."""
    async with serving(Patience(header_seconds=SECONDS)) as url, httpx.AsyncClient(timeout=SECONDS) as http:
        slow = [await asyncio.open_connection(url.host, url.port) for _ in range(100)]
        for _, writer in slow:
            writer.write(GET)
        assert (await http.get(url)).text == "hello"
        for _, writer in slow:
            writer.close()


async def test_many_requests_of_one_connection_are_each_given_their_time() -> None:
    """The time is a request's, not a connection's: one that asks on and on is not cut off."""
    async with serving(QUICK) as url, httpx.AsyncClient(timeout=SECONDS) as http:
        began = asyncio.get_running_loop().time()
        while asyncio.get_running_loop().time() - began < 2 * QUICK.header_seconds:
            assert (await http.post(url, content=b"abc")).json() == 3


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([GET + b"X: " + b"a" * HEADER_BYTES + b"\r\n\r\n"], id="one-header"),
        pytest.param([GET + b"".join(b"X%d: a\r\n" % at for at in range(7_000)) + b"\r\n"], id="many"),
        pytest.param([b"GET /" + b"a" * HEADER_BYTES, b" HTTP/1.1\r\n\r\n"], id="path"),
        pytest.param([GET + b"X: " + b"a" * 40_000, b"b" * 40_000], id="in-parts"),
    ],
)
async def test_headers_have_a_limit(parts: list[bytes]) -> None:
    """More than 64 KiB of headers are answered 431, however they come, and nothing is done for them."""
    async with serving(Patience()) as url:
        assert problem(await said(url, *parts)) == (431, "the headers are longer than 65,536 bytes")


async def test_a_long_token_is_no_problem() -> None:
    """The longest bearer token that is taken fits into the headers."""
    async with serving(Patience()) as url, httpx.AsyncClient(timeout=SECONDS) as http:
        answer = await http.get(url, headers={"authorization": "Bearer " + "a" * 32_768})
        assert answer.text == "hello"


async def test_a_trailer_is_no_header() -> None:
    """What comes after a body as if it were a header, such as another Content-Length, is not taken for one."""
    request = (
        b"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3\r\nabc\r\n0\r\nAuthorization: Bearer x\r\n\r\n"
    )
    async with serving(Patience()) as url:
        answer = await said(url, request)
        assert answer.startswith(b"HTTP/1.1 201")
        assert answer.endswith(b"3")


async def test_who_does_not_read_an_answer_is_cut_off() -> None:
    """An answer that nobody reads is given up, so that it holds no memory."""
    cut = asyncio.Event()
    async with serving(QUICK, cut) as url:
        reader, writer = await asyncio.open_connection(url.host, url.port, limit=1024)
        writer.write(b"GET /much HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await reader.readexactly(100)
        # The client stands still: its stream's buffer is full, then the kernel's, and the server's.
        async with asyncio.timeout(SECONDS):
            await cut.wait()
        writer.close()


async def test_loopback_is_not_one_address() -> None:
    """A limit for each address does not hold for loopback, where a sidecar or a tunnel stands for many callers."""
    doors = Patience(per_address=2)
    async with serving(doors) as url, httpx.AsyncClient(timeout=SECONDS) as http:
        # Loopback is not counted: it stands for many callers.
        sockets = [await connect(f"ws://{url.host}:{url.port}/socket") for _ in range(3)]
        assert (await http.get(url)).status_code == 200
        for socket in sockets:
            await socket.close()


def test_addresses_are_counted_apart_and_forgotten() -> None:
    """One address's connections are not another's; networks of IPv6 count as one; who has none is forgotten."""
    doors = Doors(2, ("10.0.0.0/8",))
    assert [doors.enter("192.0.2.1") for _ in range(3)] == [True, True, False]
    assert [doors.enter(f"2001:db8::{at}") for at in range(3)] == [True, True, False]
    assert doors.enter("2001:db8:0:1::1")
    assert not doors.enter("::ffff:192.0.2.1")
    assert all(doors.enter(each) for each in ("10.1.2.3", "127.0.0.1", "::1", "") for _ in range(5))
    assert len(doors) == 3
    for each in ("192.0.2.1", "192.0.2.1", "2001:db8::9", "2001:db8::8", "2001:db8:0:1::1", "10.1.2.3"):
        doors.leave(each)
    assert len(doors) == 0


async def test_the_server_has_a_limit_of_connections() -> None:
    """Beyond the limit of all of them a connection is answered 503; one that ends makes room."""
    async with serving(Patience(connections=3)) as url, httpx.AsyncClient(timeout=SECONDS) as http:
        async with connect(f"ws://{url.host}:{url.port}/socket"), connect(f"ws://{url.host}:{url.port}/socket"):
            assert (await http.get(url)).status_code == 503
        async with asyncio.timeout(SECONDS):
            while (await http.get(url)).status_code == 503:
                pass


@pytest.mark.parametrize(
    ("proxies", "client", "scheme"),
    [
        pytest.param((), "127.0.0.1", "http", id="of-nobody"),
        pytest.param(("127.0.0.0/8",), "203.0.113.9", "https", id="of-a-proxy"),
        pytest.param(("192.0.2.1",), "127.0.0.1", "http", id="of-another"),
    ],
)
async def test_only_a_trusted_proxy_says_where_a_request_comes_from(
    proxies: tuple[str, ...], client: str, scheme: str
) -> None:
    """X-Forwarded-For and -Proto count from `trusted_proxies`, and of nobody else: not even of this machine."""
    headers = {"x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https"}
    async with serving(Patience(proxies=proxies)) as url, httpx.AsyncClient(timeout=SECONDS) as http:
        answer = await http.get(url.copy_with(path="/headers"), headers=headers)
    assert answer.json() == {"client": client, "scheme": scheme}
