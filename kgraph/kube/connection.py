"""A connection to one cluster: requests with its login, at its pace, whose errors say what was attempted."""

import asyncio
import os
import random
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Self, TypeVar

import msgspec
import structlog

from kgraph.kube import nesting
from kgraph.kube.access import Access, access_to
from kgraph.kube.credentials import Certificate, Login
from kgraph.kube.errors import (
    Attempt,
    BadAnswer,
    ConfigurationError,
    Forbidden,
    KubeError,
    TooManyRequests,
    Unauthenticated,
    from_response,
)
from kgraph.kube.settings import ClusterSettings
from kgraph.kube.throttle import Throttle
from kgraph.kube.tls import Tls
from kgraph.kube.transport import Response, Transport

JSON = "application/json"
# As client-go (rest/request.go): so often is a request repeated that the server asked to repeat later.
MAX_REPEATS = 10
# A server that asks for more is not waited for here: the caller hears of it, and may do something else meanwhile.
MAX_WAIT_SECONDS = 30

# An apiserver that does not see a login takes us for nobody, and a role for nobody is the wrong advice.
_UNNOTICED = (
    "the login did not reach the apiserver, which takes no passwords since Kubernetes 1.19; and a proxy that ends TLS "
    "keeps client certificates from it"
)

T = TypeVar("T")
Params = Mapping[str, str] | Iterable[tuple[str, str]]

_USER_AGENT = "dictamesh-k8s-adapter"
_log = structlog.get_logger(__name__)


class Connection:
    """One cluster's API: `async with Connection.open(settings) as conn`.

    `cluster` is its id, `server` its address. Every failure is a KubeError. A 401 is answered once with a renewed
    login, a 429 with waiting as long as the server says.
    """

    def __init__(
        self,
        cluster: str,
        access: Access,
        *,
        qps: float = 50,
        burst: int = 100,
        timeout: float = 30,
    ) -> None:
        self.cluster = cluster
        self.server = access.server
        self._access = access
        self._throttle = Throttle(qps, burst)
        self._timeout = timeout
        self._transport = Transport(access.server, proxy=access.proxy, server_name=access.server_name)
        self._tls: tuple[bytes, Certificate | None, Tls] | None = None
        self._making_tls = asyncio.Lock()
        # kubectl asks for gzip, and so do we, on loopback too: 5,000 Pods (31 MB) in pages over TLS took 0.38 s either
        # way, with 0.12 s of this process's time packed and 0.32 s plain, for what is not sent need not be decrypted.
        # The apiserver packs what has more than 128 KiB, and no watch.
        self._encoding = "gzip" if access.compressed else "identity"

    def __repr__(self) -> str:
        return f"Connection({self.cluster!r}, {self.server!r})"

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: ClusterSettings, environ: Mapping[str, str] = os.environ) -> AsyncIterator[Self]:
        """Read the settings' login and give the connection; nothing is sent until something is asked."""
        access = await asyncio.to_thread(access_to, settings, environ)
        conn = cls(settings.id, access, qps=settings.qps, burst=settings.burst, timeout=settings.timeout)
        try:
            yield conn
        finally:
            await conn.close()

    async def close(self) -> None:
        """Close every connection; `open` does it by itself."""
        await self._transport.close()

    async def get(
        self,
        path: str,
        params: Params = (),
        *,
        accept: str | None = None,
    ) -> bytes:
        """The body of a GET."""
        return await self.request("GET", path, params, headers=[("Accept", accept or JSON)])

    async def request(
        self,
        method: str,
        path: str,
        params: Params = (),
        *,
        body: bytes | None = None,
        headers: Iterable[tuple[str, str]] = (),
    ) -> bytes:
        """The body of the answer to any request; `headers` may repeat a name (Impersonate-Group)."""
        attempt = Attempt(method, path, self.cluster, self.server)
        given = [("Accept", JSON), *headers] if not _names(headers, "accept") else list(headers)
        async with self._answered(attempt, params, given, body=body, silence_seconds=self._timeout) as response:
            return await response.read()

    @asynccontextmanager
    async def stream(
        self,
        path: str,
        params: Params = (),
        *,
        read_timeout_seconds: float,
        accept: str | None = None,
        headers: Iterable[tuple[str, str]] = (),
        multiplexed: bool = False,
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """The body of a GET as it comes; Unavailable after `read_timeout_seconds` without a byte.

        `multiplexed` shares a connection with others where it can: for what is mostly silent.
        """
        verb = "WATCH" if _is_watch(params) else "GET"
        attempt = Attempt(verb, path, self.cluster, self.server)
        given = [("Accept", accept or JSON), *headers]
        async with self._answered(
            attempt, params, given, silence_seconds=read_timeout_seconds, multiplexed=multiplexed
        ) as response:
            yield response.chunks()

    async def multiplexes(self) -> bool:
        """Whether streams share a connection: not through a proxy, nor with a server that has no HTTP/2."""
        return await self._transport.multiplexes(await self._tls_for(await self._login()))

    async def version(self) -> dict[str, Any]:
        """What the server says of itself: gitVersion, major, minor, platform, ..."""
        return await self.get_json("/version", dict[str, Any])

    async def get_json(self, path: str, kind: type[T], params: Params = ()) -> T:
        """The body of a GET, decoded as `kind`; BadAnswer where it is not that."""
        return self.decoded(await self.get(path, params), kind, path)

    def decoded(self, body: bytes, kind: type[T], path: str) -> T:
        """A body decoded as `kind`; BadAnswer where it is something else, or was cut short."""
        try:
            return nesting.decoded(msgspec.json.Decoder(kind).decode, body)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            # msgspec's messages name places and types, never values.
            raise BadAnswer(
                f"{len(body)} bytes that are not the JSON they should be: {error}",
                attempt=Attempt("GET", path, self.cluster, self.server),
            ) from error

    @asynccontextmanager
    async def _answered(
        self,
        attempt: Attempt,
        params: Params,
        headers: list[tuple[str, str]],
        *,
        body: bytes | None = None,
        silence_seconds: float,
        multiplexed: bool = False,
    ) -> AsyncIterator[Response]:
        """The answer to a request, its status 2xx; the others are raised, after what can be mended was tried."""
        query = tuple(params.items() if isinstance(params, Mapping) else params)
        renewed, repeats = False, 0
        while True:
            await self._throttle.acquire()
            login = await self._login()
            tls, sent = await self._tls_for(login), [*self._common(login), *headers]
            async with (
                self._transport.watch(attempt, tls, params=query, headers=sent, silence_seconds=silence_seconds)
                if multiplexed
                else self._transport.exchange(
                    attempt,
                    tls,
                    method="GET" if attempt.verb == "WATCH" else attempt.verb,
                    params=query,
                    headers=sent,
                    body=body,
                    silence_seconds=silence_seconds,
                )
            ) as response:
                if response.status < 300:
                    yield response
                    return
                error = from_response(
                    response.status,
                    response.headers,
                    await response.read(),
                    attempt,
                    secrets=(login.authorization.partition(" ")[2],),
                )
            if login != Login() and isinstance(error, Forbidden) and '"system:anonymous"' in error.detail:
                error = Unauthenticated(error.problem, attempt=attempt, status=error.status, advice=_UNNOTICED)
            if response.status == 401 and not renewed:
                renewed = True
                if await self._renewed(login):
                    continue
            if isinstance(error, TooManyRequests) and repeats < MAX_REPEATS and error.retry_after <= MAX_WAIT_SECONDS:
                repeats += 1
                _log.debug("asked to wait", cluster=self.cluster, path=attempt.path, seconds=error.retry_after)
                # Up to a tenth more, so that those who were refused together do not come back together.
                await asyncio.sleep(error.retry_after * random.uniform(1, 1.1))  # noqa: S311 - no secret
                continue
            raise error

    def _common(self, login: Login) -> list[tuple[str, str]]:
        headers = [("User-Agent", _USER_AGENT), ("Accept-Encoding", self._encoding), *self._access.headers]
        return [*headers, ("Authorization", login.authorization)] if login.authorization else headers

    async def _login(self) -> Login:
        try:
            return await self._access.credentials.login()
        except KubeError as error:
            raise self._of_this_cluster(error) from error

    async def _renewed(self, refused: Login) -> bool:
        try:
            return await self._access.credentials.renew(refused)
        except KubeError as error:
            raise self._of_this_cluster(error) from error

    def _of_this_cluster(self, error: KubeError) -> KubeError:
        return type(error)(f"no login to cluster {self.cluster} ({self.server}): {error.problem}")

    async def _tls_for(self, login: Login) -> Tls:
        """The TLS contexts for a login; a new certificate or authority makes new ones, and new connections."""
        ca = await self._access.authorities.value() if self._access.authorities else self._access.ca
        # One at a time: sixty watches that open at once share what the first of them makes, and so their connection.
        async with self._making_tls:
            if self._tls is None or self._tls[:2] != (ca, login.certificate):
                try:
                    contexts = await asyncio.to_thread(Tls.of, ca, login.certificate, insecure=self._access.insecure)
                except ConfigurationError as error:
                    if self._tls is None:
                        raise self._of_this_cluster(error) from error
                    # A certificate that is there already, and its key not yet: what was there before still serves.
                    _log.warning("a rewritten certificate cannot be used yet", cluster=self.cluster, why=error.problem)
                else:
                    self._tls = ca, login.certificate, contexts
        return self._tls[2]


def _names(headers: Iterable[tuple[str, str]], name: str) -> bool:
    return any(key.lower() == name for key, _ in headers)


def _is_watch(params: Params) -> bool:
    return dict(params).get("watch") in ("1", "true")
