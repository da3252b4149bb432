"""The API's listener with real certificates: who is let in, how they are renewed, and what a wrong file is told."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx
import pytest
import structlog
from litestar import Litestar, get
from litestar.response import Stream

from kgraph.cli.answers.client import CA_FILE, CERT_FILE, KEY_FILE, Client
from kgraph.cli.errors import BadConfiguration, NothingRuns
from kgraph.cli.process.serving import address_of, listening, running
from kgraph.cli.process.tls import Tls, TlsFiles
from kgraph.stack.commands import run
from kgraph.stack.pki import Authority, Certificate
from tests.certificates import issue_client_until

SECONDS = 20


class Mounted:
    """A folder as Kubernetes mounts a Secret: names that lead through `..data` to a folder that is swapped whole."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._versions = 0
        folder.mkdir()
        for name in ("tls.crt", "tls.key", "ca.crt"):
            (folder / name).symlink_to(f"..data/{name}")

    def put(self, made: Certificate, ca: Path | None = None) -> None:
        """Swap the files for these, all at once."""
        self._versions += 1
        version = self.folder / f"..{self._versions}"
        version.mkdir()
        (version / "tls.crt").write_bytes(made.certificate.read_bytes())
        (version / "tls.key").write_bytes(made.key.read_bytes())
        if ca is not None:
            (version / "ca.crt").write_bytes(ca.read_bytes())
        link = self.folder / "..data_tmp"
        link.symlink_to(version.name)
        link.replace(self.folder / "..data")

    def files(self, *, mutual: bool = False) -> TlsFiles:
        """The files, as a configuration names them."""
        names = ("tls.crt", "tls.key", "ca.crt")
        cert, key, ca = (str(self.folder / name) for name in names)
        return TlsFiles(cert, key, ca if mutual else "")


@asynccontextmanager
async def serving(tls: Tls) -> AsyncIterator[tuple[str, asyncio.Event]]:
    """A server with that certificate that says hello, and tells a stream's end when the event is set."""
    go_on = asyncio.Event()

    @get("/", sync_to_thread=False)
    def hello() -> str:
        return "hello"

    async def parts() -> AsyncIterator[bytes]:
        yield b"first "
        await go_on.wait()
        yield b"last"

    @get("/stream")
    async def stream() -> Stream:
        return Stream(parts())

    with listening("127.0.0.1", 0) as listener:
        async with running(Litestar([hello, stream]), listener, 1000, tls=tls):
            yield address_of(listener, tls=True), go_on


def trusting(ca: Path, own: Certificate | None = None) -> ssl.SSLContext:
    """A client's context that trusts one authority."""
    context = ssl.create_default_context(cafile=str(ca))
    if own is not None:
        context.load_cert_chain(own.certificate, own.key)
    return context


def shown(address: str, context: ssl.SSLContext) -> bytes:
    """The certificate that a new connection is shown."""
    url = httpx.URL(address)
    with (
        socket.create_connection((url.host, url.port or 0), timeout=SECONDS) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as wrapped,
    ):
        wrapped.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = wrapped.recv(4096)  # in TLS 1.3 who is refused hears it, or nothing, only here
        if not answer:
            raise ConnectionResetError
        assert b"200 OK" in answer
        found = wrapped.getpeercert(binary_form=True)
    assert found is not None
    return found


@contextmanager
def logged() -> Iterator[list[structlog.typing.EventDict]]:
    """What is logged while the block runs."""
    with structlog.testing.capture_logs() as lines:
        yield lines


@pytest.fixture
async def authority(tmp_path: Path) -> Authority:
    """An authority."""
    (tmp_path / "ca").mkdir()
    return await Authority.create(tmp_path / "ca", "test")


async def test_a_renewed_certificate_is_for_new_connections_and_open_ones_go_on(
    authority: Authority, tmp_path: Path
) -> None:
    """After a Secret's swap new connections are shown the new certificate, and an open stream comes to its own end."""
    mounted, context = Mounted(tmp_path / "mounted"), trusting(authority.ca.certificate)
    first, second = await authority.issue_server("first"), await authority.issue_server("second")
    mounted.put(first)
    tls = Tls(mounted.files())
    async with (
        serving(tls) as (address, go_on),
        httpx.AsyncClient(verify=context, timeout=SECONDS) as http,
        http.stream("GET", f"{address}/stream") as response,
    ):
        parts = response.aiter_raw()
        assert await anext(parts) == b"first "
        before = await asyncio.to_thread(shown, address, context)
        mounted.put(second)
        assert await tls.look()
        assert not await tls.look()
        after = await asyncio.to_thread(shown, address, context)
        go_on.set()
        assert b"".join([part async for part in parts]) == b"last"
    ders = [ssl.PEM_cert_to_DER_cert(each.certificate.read_text()) for each in (first, second)]
    assert [before, after] == ders


async def test_files_are_looked_at_without_being_asked(authority: Authority, tmp_path: Path) -> None:
    """A server by itself comes to show what was swapped in, and does so for as long as it runs."""
    mounted, context = Mounted(tmp_path / "mounted"), trusting(authority.ca.certificate)
    mounted.put(await authority.issue_server("first"))
    second = await authority.issue_server("second")
    async with serving(Tls(mounted.files())) as (address, _):
        mounted.put(second)
        wanted = ssl.PEM_cert_to_DER_cert(second.certificate.read_text())
        async with asyncio.timeout(SECONDS):
            while await asyncio.to_thread(shown, address, context) != wanted:  # each of which takes a while
                pass


async def test_what_cannot_be_used_is_told_once_and_the_one_before_is_kept(
    authority: Authority, tmp_path: Path
) -> None:
    """A certificate without its key, as between two writes, is logged once; the next good pair is taken."""
    mounted, context = Mounted(tmp_path / "mounted"), trusting(authority.ca.certificate)
    first, second = await authority.issue_server("first"), await authority.issue_server("second")
    mounted.put(first)
    tls = Tls(mounted.files())
    async with serving(tls) as (address, _):
        with logged() as lines:
            mounted.put(Certificate(second.certificate, first.key))
            assert not await tls.look()
            assert not await tls.look()
            told = [line for line in lines if line["log_level"] == "error"]
            assert len(told) == 1
            assert "is not the key of" in told[0]["error"]
            assert "PRIVATE" not in str(lines)
        assert await asyncio.to_thread(shown, address, context) == ssl.PEM_cert_to_DER_cert(
            first.certificate.read_text()
        )
        mounted.put(second)
        assert await tls.look()


async def test_nobody_comes_in_without_a_certificate_of_the_clients_authority(
    authority: Authority, tmp_path: Path
) -> None:
    """With mTLS a client with none, or with one of another authority, gets no answer; one of the authority's does."""
    (tmp_path / "other").mkdir()
    other = await Authority.create(tmp_path / "other", "other")
    mounted = Mounted(tmp_path / "mounted")
    server = await authority.issue_server("server")
    mounted.put(server, authority.ca.certificate)
    ours, stranger = await authority.issue_client("probe"), await other.issue_client("probe")
    tls = Tls(mounted.files(mutual=True))
    trusted = authority.ca.certificate
    async with serving(tls) as (address, _):
        await asyncio.to_thread(shown, address, trusting(trusted, ours))
        for own in (None, stranger):
            with pytest.raises((ssl.SSLError, ConnectionError)):
                await asyncio.to_thread(shown, address, trusting(trusted, own))
        mounted.put(server, other.ca.certificate)
        assert await tls.look()
        # An authority that was taken out is out, and its clients' sessions with it.
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.to_thread(shown, address, trusting(trusted, ours))
        await asyncio.to_thread(shown, address, trusting(trusted, stranger))


async def test_a_resumed_session_does_not_outlive_its_authority(authority: Authority, tmp_path: Path) -> None:
    """With mTLS no session is resumed: each connection shows its certificate anew."""
    mounted = Mounted(tmp_path / "mounted")
    mounted.put(await authority.issue_server("server"), authority.ca.certificate)
    context = trusting(authority.ca.certificate, await authority.issue_client("probe"))
    async with serving(Tls(mounted.files(mutual=True))) as (address, _):
        url = httpx.URL(address)

        def resumed() -> bool | None:
            session = None
            for _ in range(2):
                with (
                    socket.create_connection((url.host, url.port or 0), timeout=SECONDS) as plain,
                    context.wrap_socket(plain, server_hostname="localhost", session=session) as wrapped,
                ):
                    wrapped.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                    while wrapped.recv(4096):
                        pass
                    session, reused = wrapped.session, wrapped.session_reused
            return reused

        assert not await asyncio.to_thread(resumed)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
async def test_tls_12_and_13_are_spoken(authority: Authority, tmp_path: Path, version: ssl.TLSVersion) -> None:
    """TLS 1.2 and 1.3 are spoken."""
    mounted, context = Mounted(tmp_path / "mounted"), trusting(authority.ca.certificate)
    mounted.put(await authority.issue_server("server"))
    context.minimum_version = context.maximum_version = version
    async with serving(Tls(mounted.files())) as (address, _):
        await asyncio.to_thread(shown, address, context)


async def test_tls_11_is_not_spoken(authority: Authority, tmp_path: Path) -> None:
    """The listener's context takes nothing below TLS 1.2, whatever the machine's OpenSSL would allow."""
    mounted = Mounted(tmp_path / "mounted")
    mounted.put(await authority.issue_server("server"))
    assert Tls(mounted.files()).context.latest.minimum_version is ssl.TLSVersion.TLSv1_2
    async with serving(Tls(mounted.files())) as (address, _):
        url = httpx.URL(address)
        shown_nothing = []
        for version in ("-tls1_1", "-tls1_2"):
            process = await asyncio.create_subprocess_exec(
                "openssl", "s_client", "-connect", f"{url.host}:{url.port}", version, "-cipher", "ALL:@SECLEVEL=0",
                stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            )  # fmt: skip
            said, _ = await process.communicate()
            shown_nothing.append(b"no peer certificate available" in said)
    assert shown_nothing == [True, False]


async def _ended(authority: Authority, folder: Path) -> Certificate:
    return await issue_client_until(authority.ca, folder / "ended", "server", "x", seconds=-1)


@pytest.mark.parametrize(
    ("breaking", "told"),
    [
        pytest.param("missing", "tls_cert_file {folder}/tls.crt cannot be read: No such file", id="missing"),
        pytest.param("mismatched", "is not the key of tls_cert_file", id="mismatched"),
        pytest.param("ended", "tls_cert_file {folder}/tls.crt has ended on 20", id="ended"),
        pytest.param("folder", "tls_key_file {folder}/tls.key cannot be read: Is a directory", id="unreadable"),
        pytest.param("encrypted", "tls_key_file {folder}/tls.key is encrypted", id="encrypted"),
        pytest.param("no-key", "tls_key_file {folder}/tls.key has no private key in PEM", id="no-key"),
        pytest.param("no-cert", "tls_cert_file {folder}/tls.crt has no certificate in PEM", id="no-certificate"),
        pytest.param("no-ca", "tls_client_ca_file {folder}/ca.crt has no certificate in PEM", id="no-authority"),
    ],
)
async def test_a_file_that_cannot_be_used_is_named(
    authority: Authority, tmp_path: Path, breaking: str, told: str
) -> None:
    """The error names the setting, the file and what is wrong with it, and quotes nothing of a key."""
    folder = tmp_path / "files"
    folder.mkdir()
    made, other = await authority.issue_server("server"), await authority.issue_server("other")
    cert, key, ca = folder / "tls.crt", folder / "tls.key", folder / "ca.crt"
    cert.write_bytes(made.certificate.read_bytes())
    key.write_bytes(made.key.read_bytes())
    ca.write_bytes(authority.ca.certificate.read_bytes())
    match breaking:
        case "missing":
            cert.unlink()
        case "mismatched":
            key.write_bytes(other.key.read_bytes())
        case "ended":
            ended = await _ended(authority, tmp_path)
            cert.write_bytes(ended.certificate.read_bytes())
            key.write_bytes(ended.key.read_bytes())
        case "folder":
            key.unlink()
            key.mkdir()
        case "encrypted":
            await run("openssl", "pkcs8", "-topk8", "-in", str(made.key), "-out", str(key), "-passout", "pass:hunter22")
        case "no-key":
            key.write_text("secret-material")
        case "no-cert":
            cert.write_text("nothing")
        case "no-ca":
            ca.write_text("nothing")
    with pytest.raises(BadConfiguration) as error:
        Tls(TlsFiles(str(cert), str(key), str(ca)))
    assert told.format(folder=folder) in str(error.value)
    assert "secret-material" not in str(error.value)


async def test_a_certificate_that_ends_soon_is_told_once(authority: Authority, tmp_path: Path) -> None:
    """Whoever forgot to renew a certificate reads it in the log a day before its end, once."""
    made = await issue_client_until(authority.ca, tmp_path / "soon", "server", "x", seconds=3600)
    tls = Tls(TlsFiles(str(made.certificate), str(made.key)))
    with logged() as lines:
        await tls.look()
        await tls.look()
    assert [line["event"] for line in lines] == ["the API's certificate ends soon"]


async def test_the_commands_trust_the_authority_that_they_are_told(authority: Authority, tmp_path: Path) -> None:
    """Over https the commands take --ca-file; without it, and without a certificate of their own, they say which."""
    mounted = Mounted(tmp_path / "mounted")
    mounted.put(await authority.issue_server("server"), authority.ca.certificate)
    own = await authority.issue_client("alice")
    trusted = {CA_FILE: str(authority.ca.certificate)}
    known = {**trusted, CERT_FILE: str(own.certificate), KEY_FILE: str(own.key)}

    def told(address: str, environ: dict[str, str]) -> str:
        with pytest.raises(Exception) as error:  # noqa: PT011 - which one is what is looked at
            Client(address, environ).ask("{ __typename }")
        return f"{type(error.value).__name__}: {error.value}"

    async with serving(Tls(mounted.files())) as (address, _):
        assert "--ca-file" in await asyncio.to_thread(told, address, {})
        # It is no GraphQL, which is an answer.
        assert "Refused: " in await asyncio.to_thread(told, address, trusted)
    async with serving(Tls(mounted.files(mutual=True))) as (address, _):
        assert NothingRuns.__name__ in await asyncio.to_thread(told, address, trusted)
        assert "Refused: " in await asyncio.to_thread(told, address, known)


def test_tls_takes_nothing_from_the_rule_of_loopback() -> None:
    """With a certificate, too, a server whose callers are not authenticated listens on loopback only."""
    with pytest.raises(BadConfiguration, match="callers are not authenticated"), listening("0.0.0.0", 0):
        pass
