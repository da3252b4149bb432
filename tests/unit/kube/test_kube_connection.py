"""A connection and the network around it: proxies, pages, delays, broken streams, TLS.

The servers here are the network, not a Kubernetes: what an apiserver answers is tested against a real one.
"""

import asyncio
import gzip
import logging
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import TCPConnector, web

from kgraph.kube import errors
from kgraph.kube.access import Access
from kgraph.kube.connection import MAX_REPEATS, Connection
from kgraph.kube.credentials import Certificate, Credentials, Login, Stored, read_file
from kgraph.kube.discovery import ApiResource
from kgraph.kube.listing import pages
from kgraph.kube.rereading import Reread
from kgraph.kube.tls import tls_context
from kgraph.kube.transport import Transport
from kgraph.kube.watching import watch

MARKER = "t0ken-marker"
PODS = ApiResource("", "v1", "Pod", "pods", verbs=("list", "watch"))
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A server whose every path is answered by the handler; its address."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def connected(
    handler: Handler, *, credentials: Credentials | None = None, timeout: float = 30
) -> AsyncIterator[Connection]:
    """A connection to such a server, without TLS."""
    async with serving(handler) as server:
        access = Access(server=server, credentials=credentials or Stored(token=MARKER))
        conn = Connection("prod", access, timeout=timeout)
        try:
            yield conn
        finally:
            await conn.close()


def later(seconds: float) -> web.Response:
    """An apiserver's wish to be asked again later."""
    return web.json_response({"kind": "Status", "code": 429, "details": {"retryAfterSeconds": seconds}}, status=429)


async def test_a_429_is_waited_for_and_then_answered() -> None:
    """A server that asks to be spared is asked again after the time that it says, by lists too."""
    answers = [429, 429, 200]

    async def handle(request: web.Request) -> web.Response:
        if answers.pop(0) == 429:
            return later(0.01)
        return web.json_response({"metadata": {"resourceVersion": "7"}, "items": [{}, {}]})

    async with connected(handle) as conn:
        (page,) = [page async for page in pages(conn, PODS)]
    assert (len(page.items), page.resource_version, answers) == (2, "7", [])


async def test_a_429_that_lasts_is_told_to_the_caller() -> None:
    """Who asks for too long a wait, or for ever, is not waited for here."""
    asked = 0

    async def handle(request: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        return later(float(request.query["wait"]))

    async with connected(handle) as conn:
        with pytest.raises(errors.TooManyRequests) as error:
            await conn.get("/api", {"wait": "3600"})
        assert (error.value.retry_after, asked) == (3600, 1)
        with pytest.raises(errors.TooManyRequests):
            await conn.get("/api", {"wait": "0.01"})
        assert asked == 1 + 1 + MAX_REPEATS


class Renewable:
    """Credentials whose login changes when they are renewed."""

    def __init__(self) -> None:
        self.renewals = 0

    async def login(self) -> Login:
        """The newest login."""
        return Login(f"Bearer {MARKER}-{self.renewals}")

    async def renew(self, refused: Login) -> bool:
        """Make a newer one."""
        self.renewals += 1
        return True


async def test_a_401_is_answered_once_with_a_renewed_login() -> None:
    """An expired login is renewed without the caller's notice; a second refusal is an error without the token."""
    seen: list[str] = []

    async def handle(request: web.Request) -> web.Response:
        seen.append(request.headers["Authorization"])
        good = request.path == "/good" and len(seen) == 2
        return web.Response(text="{}") if good else web.Response(status=401, text=seen[-1])

    credentials = Renewable()
    async with connected(handle, credentials=credentials) as conn:
        assert await conn.get("/good") == b"{}"
        assert seen == [f"Bearer {MARKER}-0", f"Bearer {MARKER}-1"]
        with pytest.raises(errors.Unauthenticated) as error:
            await conn.get("/bad")
    assert credentials.renewals == 2
    assert MARKER not in str(error.value)


async def test_a_failing_login_names_the_cluster_and_sends_nothing(tmp_path: Path) -> None:
    """Without a login there is no request."""
    asked = False

    async def handle(request: web.Request) -> web.Response:
        nonlocal asked
        asked = True
        return web.Response()

    async with connected(handle, credentials=Stored(token_file=tmp_path / "missing")) as conn:
        with pytest.raises(errors.ConfigurationError, match="no login to cluster prod"):
            await conn.get("/api")
    assert not asked


async def test_redirects_are_not_followed() -> None:
    """A token never goes to where a redirect points."""
    paths: list[str] = []

    async def handle(request: web.Request) -> web.Response:
        paths.append(request.path)
        raise web.HTTPFound("/login?next=/api")

    async with connected(handle) as conn:
        with pytest.raises(errors.BadAnswer, match="a redirect to /login"):
            await conn.get("/api")
    assert paths == ["/api"]


@pytest.mark.parametrize("body", [b"<html>hello</html>", b'{"items": [{"a"', b"", b"\xff", b"[]"])
async def test_an_answer_that_is_not_what_it_should_be_is_a_bad_answer(body: bytes) -> None:
    """Half a document, or a page with status 200, is an error with the path."""

    async def handle(request: web.Request) -> web.Response:
        return web.Response(body=body)

    async with connected(handle) as conn:
        with pytest.raises(errors.BadAnswer, match="GET /api/v1/pods on cluster prod"):
            [page async for page in pages(conn, PODS)]


async def test_packed_answers_are_unpacked_and_broken_ones_reported() -> None:
    """Compression is asked for and read; what only says that it is gzip is a bad answer."""

    async def handle(request: web.Request) -> web.Response:
        assert "gzip" in request.headers["Accept-Encoding"]
        body = gzip.compress(b"{}" * 500_000) if request.path == "/good" else b"no gzip at all"
        return web.Response(body=body, headers={"Content-Encoding": "gzip"})

    async with connected(handle) as conn:
        assert len(await conn.get("/good")) == 1_000_000
        with pytest.raises(errors.BadAnswer):
            await conn.get("/bad")


async def test_headers_may_repeat_and_bodies_are_sent() -> None:
    """A request carries several headers of one name, as impersonation with groups needs."""

    async def handle(request: web.Request) -> web.Response:
        groups = request.headers.getall("Impersonate-Group")
        return web.json_response({"groups": groups, "body": await request.text(), "method": request.method})

    async with connected(handle) as conn:
        answer = await conn.request(
            "POST", "/api", body=b"x", headers=[("Impersonate-Group", "a"), ("Impersonate-Group", "b")]
        )
    assert answer == b'{"groups": ["a", "b"], "body": "x", "method": "POST"}'


async def test_a_silent_server_is_unavailable() -> None:
    """A server that takes the request and says nothing is given up after the timeout."""

    async def handle(request: web.Request) -> web.Response:
        await asyncio.Event().wait()
        raise AssertionError

    async with connected(handle, timeout=0.2) as conn:
        with pytest.raises(errors.Unavailable, match=r"no bytes for 0\.2 s"):
            await conn.get("/api")


async def streamed(request: web.Request, *lines: bytes) -> web.StreamResponse:
    """Send lines, each as a chunk."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    for line in lines:
        await response.write(line)
    return response


BOOKMARK = b'{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"7"}}}\n'
ADDED = b'{"type":"ADDED","object":{"metadata":{"name":"a","resourceVersion":"6"}}}\n'


async def test_a_watch_that_sends_bookmarks_and_falls_silent_is_dead() -> None:
    """Once bookmarks come, their absence means a dead connection; before, silence may be a quiet kind."""

    async def handle(request: web.Request) -> web.StreamResponse:
        response = await streamed(request, ADDED)
        await asyncio.sleep(0.3)  # longer than a watch waits once bookmarks come
        await response.write(BOOKMARK)
        await asyncio.Event().wait()
        raise AssertionError

    async with connected(handle) as conn:
        events = watch(conn, PODS, "1", idle_timeout=0.2)
        assert [event.type for event in await anext(events)] == ["ADDED"]
        assert [event.type for event in await anext(events)] == ["BOOKMARK"]
        with pytest.raises(errors.Unavailable, match="though bookmarks come"):
            await anext(events)


async def test_a_watch_that_the_server_ends_ends_and_one_that_breaks_is_an_error() -> None:
    """A normal end returns; a connection that is cut, between events or within one, is Unavailable."""

    async def handle(request: web.Request) -> web.StreamResponse:
        response = await streamed(request, ADDED)
        match request.query["resourceVersion"]:
            case "cut":
                assert request.transport is not None
                request.transport.close()
            case "half":
                await response.write(b'{"type":')
        return response

    async with connected(handle) as conn:
        assert [len(some) async for some in watch(conn, PODS, "end")] == [1]
        for version in ("cut", "half"):
            with pytest.raises(errors.Unavailable):
                [some async for some in watch(conn, PODS, version)]


async def test_a_server_without_watch_list_is_told_from_other_refusals() -> None:
    """A 422 to initial events is WatchListUnsupported, so that the caller lists; without them it is Invalid."""

    async def handle(request: web.Request) -> web.Response:
        # What an apiserver says whose WatchList feature is off (apimachinery, ValidateListOptions).
        said = "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch unless ..."
        return web.json_response({"kind": "Status", "code": 422, "reason": "Invalid", "message": said}, status=422)

    async with connected(handle) as conn:
        with pytest.raises(errors.WatchListUnsupported, match="WATCH /api/v1/pods on cluster prod"):
            await anext(watch(conn, PODS, "", initial_events=True))
        with pytest.raises(errors.Invalid) as error:
            await anext(watch(conn, PODS, "1"))
    assert type(error.value) is errors.Invalid


async def test_a_watch_waits_for_no_further_line() -> None:
    """An event is given when its line is whole, though the stream stays open."""

    async def handle(request: web.Request) -> web.StreamResponse:
        await streamed(request, ADDED[:20], ADDED[20:] + BOOKMARK[:10])
        await asyncio.Event().wait()
        raise AssertionError

    async with connected(handle) as conn, asyncio.timeout(5):
        events = watch(conn, PODS, "1")
        assert [event.type for event in await anext(events)] == ["ADDED"]
        await events.aclose()


async def test_an_address_where_nobody_listens_is_unavailable_with_advice() -> None:
    """A refused connection says where, and what to check."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        server = f"https://127.0.0.1:{free.getsockname()[1]}"
    conn = Connection("prod", Access(server=server, credentials=Stored()))
    with pytest.raises(errors.Unavailable, match="check that the apiserver runs"):
        await conn.get("/api")
    await conn.close()


async def test_an_unknown_name_is_unavailable_with_advice() -> None:
    """A name that DNS does not know is said to be that."""
    conn = Connection("prod", Access(server="https://no-such-host.invalid", credentials=Stored()))
    with pytest.raises(errors.Unavailable, match=r"the name no-such-host\.invalid is not known"):
        await conn.get("/api")
    await conn.close()


async def test_requests_go_through_the_proxy_and_its_refusal_is_told() -> None:
    """A proxy is asked to connect, with its own login and never with ours; 407 says what it wants."""
    seen: list[tuple[str, str]] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        seen.append((head.split(b"\r\n")[0].decode(), head.decode()))
        writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    proxy = await asyncio.start_server(answer, "127.0.0.1", 0)
    address = f"http://jane:pr0xy-pw@127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
    access = Access(server="https://prod.invalid:6443", credentials=Stored(token=MARKER), proxy=address)
    conn = Connection("prod", access)
    with pytest.raises(errors.Unavailable, match="407 Proxy Authentication Required; it wants a login") as error:
        await conn.get("/api")
    await conn.close()
    proxy.close()
    assert seen[0][0] == "CONNECT prod.invalid:6443 HTTP/1.1"
    assert "Proxy-Authorization: Basic" in seen[0][1]
    assert MARKER not in seen[0][1]
    assert MARKER not in repr(error.value) + repr(error.value.__cause__)
    assert "pr0xy-pw" not in repr(error.value) + repr(error.value.__cause__)


async def test_a_proxy_that_is_not_there_is_named() -> None:
    """A dead proxy is told from a dead apiserver."""
    access = Access(server="https://prod.invalid", credentials=Stored(), proxy="http://127.0.0.1:9")
    conn = Connection("prod", access)
    with pytest.raises(errors.Unavailable, match=r"the proxy 127\.0\.0\.1:9 does not answer"):
        await conn.get("/api")
    await conn.close()


class Pki:
    """A CA, a server's certificate for the name `inside`, and a client's, made by openssl."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._run("req", "-x509", "-newkey", "ec", *self._curve, "-keyout", "ca.key", "-out", "ca.crt")
        for name, extra in (("server", "subjectAltName=DNS:inside"), ("client", "extendedKeyUsage=clientAuth")):
            self._run("req", "-newkey", "ec", *self._curve, "-keyout", f"{name}.key", "-out", f"{name}.csr")
            (folder / "extensions").write_text(extra)
            self._run(
                "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial",
                "-extfile", "extensions", "-out", f"{name}.crt", "-days", "2", subject=False,
            )  # fmt: skip

    _curve = ("-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")

    def _run(self, *arguments: str, subject: bool = True) -> None:
        name = ["-subj", "/CN=test"] if subject else []
        subprocess.run(["openssl", *arguments, *name], cwd=self.folder, check=True, capture_output=True)

    def read(self, name: str) -> bytes:
        """A file's content."""
        return (self.folder / name).read_bytes()

    def server_context(self) -> ssl.SSLContext:
        """A server's TLS that demands a client certificate."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(self.folder / "ca.crt"))
        context.load_cert_chain(self.folder / "server.crt", self.folder / "server.key")
        context.verify_mode = ssl.CERT_REQUIRED
        return context


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    """Certificates for the tests of this module."""
    return Pki(tmp_path_factory.mktemp("pki"))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param({"ca", "name", "client"}, "", id="all is right"),
        pytest.param({"insecure", "client"}, "", id="unchecked"),
        pytest.param({"name", "client"}, "set tls_config.ca_file", id="unknown CA"),
        pytest.param({"ca", "client"}, "set tls_config.server_name", id="another name"),
        pytest.param({"ca", "name"}, "on cluster prod", id="no client certificate"),
    ],
)
async def test_tls_problems_say_which_and_what_to_set(pki: Pki, given: set[str], said: str) -> None:
    """A server's name, its CA and our certificate are checked, and each failure names its setting."""

    async def handle(request: web.Request) -> web.Response:
        return web.Response(text="{}")

    certificate = Certificate(pki.read("client.crt"), pki.read("client.key")) if "client" in given else None
    async with serving(handle, pki.server_context()) as server:
        access = Access(
            server=server,
            credentials=Stored(certificate=certificate),
            ca=pki.read("ca.crt") if "ca" in given else b"",
            server_name="inside" if "name" in given else "",
            insecure="insecure" in given,
        )
        conn = Connection("prod", access)
        try:
            if not said:
                assert await conn.get("/api") == b"{}"
            else:
                with pytest.raises(errors.Unavailable) as error:
                    await conn.get("/api")
                assert said in str(error.value)
        finally:
            await conn.close()


async def test_a_certificate_that_is_half_rewritten_leaves_the_old_one_in_use(pki: Pki, tmp_path: Path) -> None:
    """While a certificate and its key, or a CA, do not fit yet, requests go on with those of before."""

    async def handle(request: web.Request) -> web.Response:
        return web.Response(text="{}")

    for name in ("client.crt", "client.key", "ca.crt"):
        (tmp_path / name).write_bytes(pki.read(name))
    clock = iter(range(0, 10**6, 100))  # each look at a file is a minute later than the last
    async with serving(handle, pki.server_context()) as server:
        access = Access(
            server=server,
            credentials=Stored(
                certificate_files=(tmp_path / "client.crt", tmp_path / "client.key"), clock=lambda: next(clock)
            ),
            authorities=Reread(lambda: read_file(tmp_path / "ca.crt", "the CA"), clock=lambda: next(clock)),
            server_name="inside",
        )
        conn = Connection("prod", access)
        try:
            for name, content in (("client.crt", pki.read("server.crt")), ("ca.crt", b"-----BEGIN CERT")):
                assert await conn.get("/api") == b"{}"
                (tmp_path / name).write_bytes(content)
                assert await conn.get("/api") == b"{}"
                (tmp_path / name).write_bytes(pki.read(name))
        finally:
            await conn.close()
    (tmp_path / "ca.crt").write_bytes(b"-----BEGIN CERT")
    conn = Connection("prod", access)
    with pytest.raises(errors.ConfigurationError, match="cluster prod"):
        await conn.get("/api")
    await conn.close()


async def test_a_port_without_tls_is_said_to_be_one() -> None:
    """TLS spoken to a plain port is a mistake in the address, and told as such."""

    async def handle(request: web.Request) -> web.Response:
        return web.Response()

    async with serving(handle) as server:
        conn = Connection("prod", Access(server=server.replace("http", "https"), credentials=Stored()))
        with pytest.raises(errors.Unavailable, match="the port speaks no TLS"):
            await conn.get("/api")
        await conn.close()


def test_a_key_leaves_no_file_behind(pki: Pki, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client key is on disk for no longer than it takes to load it, and a wrong one is an error."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    tls_context(pki.read("ca.crt"), Certificate(pki.read("client.crt"), pki.read("client.key")), insecure=False)
    assert list(tmp_path.iterdir()) == []
    for wrong in (b"no PEM", pki.read("server.key")):
        with pytest.raises(errors.ConfigurationError, match="do not belong together"):
            tls_context(b"", Certificate(pki.read("client.crt"), wrong), insecure=False)
    with pytest.raises(errors.ConfigurationError, match="CA is not a PEM"):
        tls_context(b"rubbish", None, insecure=False)
    assert list(tmp_path.iterdir()) == []


async def test_sockets_notice_a_peer_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every connection has keepalives, and a limit for bytes that nobody acknowledges."""
    found: list[socket.socket] = []

    async def handle(request: web.Request) -> web.Response:
        return web.Response(text="{}")

    async with connected(handle) as conn:
        transport: Transport = conn._transport
        connector = transport._session.connector
        assert isinstance(connector, TCPConnector)
        make = connector._socket_factory
        assert make is not None

        def noted(address: Any) -> socket.socket:
            found.append(make(address))
            return found[-1]

        monkeypatch.setattr(connector, "_socket_factory", noted)
        await conn.get("/api")
        assert found[0].getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            assert found[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 60_000
            assert found[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 30


async def test_a_token_is_in_no_log(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> None:
    """At the most talkative log level a refused and a delayed request leave no trace of the token."""
    answers = iter([401, 429, 500])

    async def handle(request: web.Request) -> web.Response:
        code = next(answers)
        return later(0.01) if code == 429 else web.Response(status=code, text=str(request.headers))

    caplog.set_level(logging.DEBUG)
    async with connected(handle, credentials=Renewable()) as conn:
        with pytest.raises(errors.Unavailable) as error:
            await conn.get("/api")
    printed = capsys.readouterr()
    assert MARKER not in caplog.text + printed.out + printed.err + repr(error.value) + repr(conn)
