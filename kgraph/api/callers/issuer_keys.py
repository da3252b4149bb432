"""The keys that an OpenID Connect issuer signs with, as it publishes them (RFC 7517), kept and renewed.

A token whose key is not known has the keys fetched again, for issuers change theirs; at most every `AGAIN_SECONDS`,
for anybody can write a token. What the issuer publishes no longer is forgotten with the next fetch, which comes after
`FRESH_SECONDS` even if nothing is unknown.
"""

import asyncio
import os
import time
import warnings
from collections.abc import Callable, Mapping, Sequence

import httpx
import msgspec
import structlog
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import Key, import_key

from kgraph.api.errors import UNKNOWN_JUST_NOW, IdentityUnavailable
from kgraph.api.settings import IssuerSettings
from kgraph.kube.errors import KubeError
from kgraph.kube.issuers import discover, issuer_client
from kgraph.kube.proxies import proxy_for

log = structlog.get_logger(__name__)

AGAIN_SECONDS = 10.0
FRESH_SECONDS = 600.0
# So long do keys serve while the issuer is down; the tokens of most issuers hold for an hour.
STALE_SECONDS = 3600.0
TIMEOUT_SECONDS = 5.0  # callers wait for it
# Kinds of keys that are public; a secret (`oct`) in a published set would let anybody sign.
_PUBLIC = frozenset({"RSA", "EC"})


class _Keys(msgspec.Struct):
    keys: list[dict[str, object]]


class IssuerKeys:
    """One issuer's."""

    def __init__(
        self,
        settings: IssuerSettings,
        environ: Mapping[str, str] = os.environ,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._proxy = proxy_for(settings.issuer_url, environ)
        self._clock = clock
        self._keys: Sequence[Key] = ()
        self._fetched_at = self._tried_at = float("-inf")
        self._fetching: asyncio.Task[None] | None = None

    async def of(self, kid: str) -> list[Key]:
        """The keys that a token may be signed with: those of this id, all where it names none.

        Raises IdentityUnavailable where the issuer's keys are not known.
        """
        age = self._clock() - self._fetched_at
        if age > STALE_SECONDS:
            await self._fetch()
        elif age > FRESH_SECONDS:
            self._fetch_behind()
        if not self._keys or self._clock() - self._fetched_at > STALE_SECONDS:
            raise IdentityUnavailable(UNKNOWN_JUST_NOW)
        found = self._named(kid)
        if not found:
            await self._fetch()
            found = self._named(kid)
            if not found and self._fetched_at < self._tried_at:
                raise IdentityUnavailable(UNKNOWN_JUST_NOW)
        return found

    async def close(self) -> None:
        """End a fetch that is under way."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.wait({self._fetching})

    def _named(self, kid: str) -> list[Key]:
        return [key for key in self._keys if not kid or key.kid == kid]

    async def _fetch(self) -> None:
        """Fetch them, or wait for a fetch that is under way; not where that has just been tried."""
        self._fetch_behind()
        if self._fetching is not None:
            await asyncio.shield(self._fetching)  # one who goes away does not end it for the others

    def _fetch_behind(self) -> None:
        if self._fetching is None and self._clock() - self._tried_at >= AGAIN_SECONDS:
            self._tried_at = self._clock()
            self._fetching = asyncio.create_task(self._fetched(), name="keys of an issuer")
            self._fetching.add_done_callback(self._done)

    def _done(self, _: asyncio.Task[None]) -> None:
        self._fetching = None

    async def _fetched(self) -> None:
        try:
            keys = await self._read()
        except (httpx.HTTPError, msgspec.MsgspecError, KubeError, ValueError) as error:
            why = str(error) or type(error).__name__
            log.warning("an issuer's keys cannot be fetched", issuer=self._settings.issuer_url, why=why)
            return
        if [key.kid for key in keys] != [key.kid for key in self._keys]:
            log.info("an issuer's keys", issuer=self._settings.issuer_url, ids=[key.kid for key in keys])
        self._keys, self._fetched_at = keys, self._clock()

    async def _read(self) -> list[Key]:
        url = self._settings.issuer_url
        async with issuer_client(self._settings.ca_file, self._proxy, timeout=TIMEOUT_SECONDS) as client:
            found = await discover(client, url)
            if found.issuer != url:
                raise ValueError(f"it calls itself {found.issuer!r}: issuer_url must be just that")
            if not found.jwks_uri.startswith("https://"):
                raise ValueError("its keys are not at an https address")
            answer = (await client.get(found.jwks_uri)).raise_for_status()
        read = [_key(each) for each in msgspec.json.decode(answer.content, type=_Keys).keys]
        keys = [key for key in read if key is not None]
        if not keys:
            raise ValueError("it publishes no key that can be used")
        return keys


def _key(given: dict[str, object]) -> Key | None:
    """A published key; None for one that signs nothing here, or is too weak."""
    if given.get("kty") not in _PUBLIC or given.get("use", "sig") != "sig":
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", SecurityWarning)
            return import_key(given)  # type: ignore[arg-type]  # what is wrong with it is an error
    except (JoseError, SecurityWarning, ValueError, TypeError) as error:
        log.warning("a key of an issuer cannot be used", kid=given.get("kid"), why=str(error))
        return None
