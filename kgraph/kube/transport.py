"""HTTP to one server: sockets, time limits, and the mapping of every error that they have.

The only module that knows aiohttp. `kubernetes.aio`, which wraps aiohttp, is not used, for what it would do
itself is what it does wrong: its kubeconfig loader writes client keys under /tmp and lets a failing exec plugin
end in an anonymous client, its Watch loses events, its environment proxies follow other rules than kubectl's,
and its ApiClient offers no socket options. What would be left of it is this file.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Self

import aiohttp
import structlog
from aiohttp.http_exceptions import ContentEncodingError, HttpProcessingError
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from kgraph.kube.errors import Attempt, BadAnswer, ConfigurationError, KubeError, Unavailable
from kgraph.kube.multiplex import Multiplexer, NotConnected, NotMultiplexed
from kgraph.kube.sockets import CONNECT_SECONDS, watched_socket
from kgraph.kube.streams import Stream
from kgraph.kube.tls import Tls

_log = structlog.get_logger(__name__)


class Response:
    """An answer whose head is there: its status, its headers, and its body, whole or as it comes."""

    def __init__(self, answer: aiohttp.ClientResponse | Stream, attempt: Attempt, silence_seconds: float) -> None:
        self._answer = answer
        self._content = answer if isinstance(answer, Stream) else answer.content
        self._attempt = attempt
        self._silence_seconds = silence_seconds
        self.status = answer.status
        self.headers: Mapping[str, str] = answer.headers

    async def read(self) -> bytes:
        """The whole body."""
        try:
            if isinstance(self._answer, aiohttp.ClientResponse):
                return await self._answer.read()
        except Exception as error:
            raise mapped(error, self._attempt, self._silence_seconds) from error
        return b"".join([chunk async for chunk in self.chunks()])

    def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes, in pieces that end anywhere."""
        return _Chunks(self._content, self._attempt, self._silence_seconds)


class _Chunks:
    """An iterator and no generator, so that one that is dropped half-way leaves nothing to be closed."""

    def __init__(self, content: aiohttp.StreamReader | Stream, attempt: Attempt, silence_seconds: float) -> None:
        self._content = content
        self._attempt = attempt
        self._silence_seconds = silence_seconds

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        try:
            if isinstance(self._content, Stream):
                # aiohttp sees to this by itself.
                async with asyncio.timeout(self._silence_seconds):
                    chunk = await self._content.readany()
            else:
                chunk = await self._content.readany()
        except Exception as error:
            raise mapped(error, self._attempt, self._silence_seconds) from error
        if not chunk:
            raise StopAsyncIteration
        return chunk


class Transport:
    """A pool of connections to one server; close it when done."""

    def __init__(self, server: str, *, proxy: str = "", server_name: str = "") -> None:
        self._server = server
        self._proxy = proxy
        self._server_name = server_name
        # None where a watch has a connection of its own: through a proxy, without TLS, to a server without HTTP/2.
        self._multiplexer: Multiplexer | None = None
        if server.startswith("https://") and not proxy:
            self._multiplexer = Multiplexer(URL(server), server_name)
        self._session = aiohttp.ClientSession(
            # As many connections as there are watches: one each, HTTP/1.1 having no streams.
            connector=aiohttp.TCPConnector(limit=0, socket_factory=watched_socket),
            # kubectl's rules for proxies are in `proxies`; trust_env would bring Python's, and ~/.netrc.
            trust_env=False,
            auto_decompress=True,
            cookie_jar=aiohttp.DummyCookieJar(),
            raise_for_status=False,
        )

    async def close(self) -> None:
        """Close every connection."""
        if self._multiplexer is not None:
            self._multiplexer.close()
        await self._session.close()

    async def multiplexes(self, tls: Tls) -> bool:
        """Whether watches share a connection now; the first who asks makes it."""
        if self._multiplexer is not None:
            try:
                await self._multiplexer.ready(tls.multiplexed)
            except NotMultiplexed:
                self._multiplexer = None
            except NotConnected:
                return False
        return self._multiplexer is not None

    @asynccontextmanager
    async def watch(
        self,
        attempt: Attempt,
        tls: Tls,
        *,
        params: Iterable[tuple[str, str]],
        headers: Iterable[tuple[str, str]],
        silence_seconds: float,
    ) -> AsyncIterator[Response]:
        """A GET that shares a connection with others where it can; elsewhere as `exchange`."""
        params, headers = list(params), list(headers)
        stream = await self._multiplexed(attempt, tls, params, headers, silence_seconds)
        if stream is None:
            async with self.exchange(
                attempt, tls, method="GET", params=params, headers=headers, silence_seconds=silence_seconds
            ) as response:
                yield response
            return
        try:
            yield Response(stream, attempt, silence_seconds)
        finally:
            stream.close()

    async def _multiplexed(
        self,
        attempt: Attempt,
        tls: Tls,
        params: Iterable[tuple[str, str]],
        headers: Iterable[tuple[str, str]],
        silence_seconds: float,
    ) -> Stream | None:
        """The answer to a GET over HTTP/2; None where it cannot be had so, and nothing was sent."""
        if self._multiplexer is None:
            return None
        try:
            return await self._multiplexer.get(tls.multiplexed, self._url(attempt, params), headers, silence_seconds)
        except NotMultiplexed:
            self._multiplexer = None
        except NotConnected as error:
            # Whatever it is, HTTP/1.1 meets it too, and has words for it, or is a way round it.
            _log.debug("no HTTP/2 now", cluster=attempt.cluster, path=attempt.path, why=str(error))
        except Exception as error:
            raise mapped(error, attempt, silence_seconds) from error
        return None

    def _url(self, attempt: Attempt, params: Iterable[tuple[str, str]]) -> URL:
        return URL(f"{self._server}{attempt.path}").with_query(list(params))

    @asynccontextmanager
    async def exchange(
        self,
        attempt: Attempt,
        tls: Tls,
        *,
        method: str,
        params: Iterable[tuple[str, str]] = (),
        headers: Iterable[tuple[str, str]] = (),
        body: bytes | None = None,
        silence_seconds: float,
    ) -> AsyncIterator[Response]:
        """Send a request and give its answer, whatever the status; `silence_seconds` may pass without a byte."""
        try:
            answer = await self._session.request(
                method,
                self._url(attempt, params),
                headers=CIMultiDict(headers if body is None else [*headers, ("Content-Length", str(len(body)))]),
                data=None if body is None else _once(body),
                ssl=tls.plain,
                proxy=self._proxy or None,
                server_hostname=self._server_name or None,
                # A redirect is a login page or a mistake in the address: the token must not follow it.
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=silence_seconds),
            )
        except Exception as error:
            raise mapped(error, attempt, silence_seconds) from error
        async with answer:
            yield Response(answer, attempt, silence_seconds)


async def _once(body: bytes) -> AsyncIterator[bytes]:
    """A body that can be sent once.

    aiohttp itself sends a PUT or DELETE again, without a word, whose connection ends before the answer: one that was
    done would come back as a conflict or a 404.
    """
    yield body


def mapped(error: Exception, attempt: Attempt, silence_seconds: float) -> KubeError:
    """The error that one of the transport means. The login, which aiohttp keeps in some of its errors, goes."""

    def unavailable(problem: str, advice: str, *, sent: bool = True) -> Unavailable:
        return Unavailable(problem, attempt=attempt, advice=advice, sent=sent)

    match error:
        case KubeError():
            return error
        case aiohttp.ClientConnectorDNSError():
            return unavailable(
                f"the name {error.host} is not known ({error.strerror or 'DNS'})",
                "check the address, or the DNS",
                sent=False,
            )
        case aiohttp.ClientProxyConnectionError():
            return unavailable(
                f"the proxy {error.host}:{error.port} does not answer",
                "check proxy-url, HTTPS_PROXY and NO_PROXY",
                sent=False,
            )
        case aiohttp.ClientHttpProxyError():
            _forget_request(error)
            needs_login = "; it wants a login of its own" if error.status == 407 else ""
            return unavailable(
                f"the proxy refuses to connect: {error.status} {error.message}{needs_login}",
                "check proxy-url, HTTPS_PROXY and NO_PROXY",
                sent=False,
            )
        case ssl.SSLCertVerificationError() | aiohttp.ClientConnectorCertificateError():
            return _untrusted(error, attempt)
        case aiohttp.ServerFingerprintMismatch():
            return unavailable("the server's certificate is not the expected one", "check the address")
        case ssl.SSLError():
            return _tls_failure(error, attempt)
        case aiohttp.ConnectionTimeoutError():
            return unavailable(
                f"no connection within {CONNECT_SECONDS} s", "check the address, routes and firewalls", sent=False
            )
        case TimeoutError():
            return unavailable(f"no bytes for {silence_seconds:g} s", "the server hangs, or the connection is dead")
        case aiohttp.ClientConnectorError():
            reason = error.strerror or type(error.os_error).__name__
            return unavailable(
                f"cannot connect to {error.host}:{error.port}: {reason}",
                "check that the apiserver runs and is reachable",
                sent=False,
            )
        case aiohttp.InvalidURL() | aiohttp.NonHttpUrlClientError():
            return ConfigurationError("the address cannot be understood", attempt=attempt)
        case aiohttp.ClientResponseError():
            _forget_request(error)
            return BadAnswer(f"what answers does not speak HTTP as it should: {error.message}", attempt=attempt)
        case aiohttp.ClientPayloadError() if isinstance(error.__cause__, ContentEncodingError):
            return BadAnswer("the body is not in the encoding that its header says", attempt=attempt)
        case aiohttp.ClientPayloadError():
            return unavailable("the connection ended before the answer did", "try again")
        case aiohttp.RedirectClientError():
            return BadAnswer("a redirect to an address that cannot be understood", attempt=attempt)
        case aiohttp.ClientConnectionError() | OSError():
            reason = (error.strerror if isinstance(error, OSError) else "") or str(error) or type(error).__name__
            return unavailable(f"the connection was lost: {reason}", "try again")
        case RuntimeError() if str(error) == "Connection closed.":  # aiohttp's word where it was closed between reads
            return unavailable("the connection was closed", "try again")
        case aiohttp.ClientError() | HttpProcessingError():
            return BadAnswer(f"the exchange failed: {type(error).__name__}", attempt=attempt)
    raise error


def _untrusted(error: Exception, attempt: Attempt) -> Unavailable:
    cause = error.certificate_error if isinstance(error, aiohttp.ClientConnectorCertificateError) else error
    reason = getattr(cause, "verify_message", None) or str(cause)
    if "ostname mismatch" in reason or "IP address mismatch" in reason:
        advice = "set tls_config.server_name (tls-server-name in the kubeconfig) to a name in the certificate"
    elif "expired" in reason or "not yet valid" in reason:
        advice = "the server's certificate, or a clock, has to be set right"
    else:
        advice = "set tls_config.ca_file (certificate-authority in the kubeconfig) to the cluster's CA"
    problem = f"the server's certificate is not trusted: {reason}"
    return Unavailable(problem, attempt=attempt, advice=advice, sent=False)


def _tls_failure(error: ssl.SSLError, attempt: Attempt) -> Unavailable:
    # aiohttp wraps the ssl module's error in one of its own, which is an SSLError without a reason.
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    reason = (getattr(cause, "reason", None) or str(cause)).lower().replace("_", " ")
    if "wrong version number" in reason or "record layer failure" in reason or "http request" in reason:
        advice = "the port speaks no TLS; check the address"
    elif "alert" in reason:
        advice = (
            "the server refuses the client certificate or its own name; renew the one, or set tls_config.server_name"
        )
    else:
        advice = "check the address and tls_config"
    return Unavailable(f"no TLS connection: {reason}", attempt=attempt, advice=advice)


def _forget_request(error: aiohttp.ClientResponseError) -> None:
    """Take the request, whose headers hold the token, out of an error that will be another's cause."""
    url = URL("hidden://")
    error.request_info = aiohttp.RequestInfo(url, "", CIMultiDictProxy(CIMultiDict()), url)
    error.headers = None
    error.history = ()
    error.args = ()
