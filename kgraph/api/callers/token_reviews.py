"""Callers whom a cluster knows by their tokens: service accounts, and all that its apiserver authenticates itself."""

import asyncio
import hashlib
import time

import structlog

from kgraph.api.callers.caller import Caller
from kgraph.api.connections import Connections
from kgraph.api.errors import UNKNOWN_JUST_NOW, ApiError, IdentityUnavailable
from kgraph.api.kept import Kept
from kgraph.kube.errors import KubeError
from kgraph.kube.jwt import Times, claims_of
from kgraph.kube.reviews import token_review

log = structlog.get_logger(__name__)

# A token that was revoked is refused so soon; the apiserver's own webhook authenticator keeps answers for two minutes.
KEPT_SECONDS = 10.0
KEPT_MOST = 10_000
# A cluster that takes longer is down; the next one may know the token.
TIMEOUT_SECONDS = 10.0


class TokenReviews:
    """Asks one cluster who a token's holder is; tokens are kept as their digests only."""

    def __init__(self, connections: Connections, cluster: str, audiences: tuple[str, ...] = ()) -> None:
        self._connections = connections
        self._cluster = cluster
        self._audiences = audiences
        self._kept: Kept[bytes, Caller | None] = Kept(KEPT_MOST, lambda _: KEPT_SECONDS)

    async def caller(self, token: str) -> Caller | None:
        """Who has the token; None where the cluster does not know it, IdentityUnavailable where it cannot be asked."""
        digest = hashlib.sha256(token.encode()).digest()
        caller = await self._kept.of(digest, lambda: self._ask(token), "token review")
        if caller is not None and caller.expires_at is not None and caller.expires_at <= time.time():
            return None
        return caller

    async def _ask(self, token: str) -> Caller | None:
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                found = await token_review(await self._connections.of(self._cluster), token, self._audiences)
        except (KubeError, ApiError, TimeoutError) as error:
            why = f"no answer in {TIMEOUT_SECONDS:g} s" if isinstance(error, TimeoutError) else str(error)
            log.warning("a cluster cannot be asked who a caller is", cluster=self._cluster, why=why)
            # Not chained: what a cluster says of itself is not for somebody who is not known.
            raise IdentityUnavailable(UNKNOWN_JUST_NOW) from None
        if found is None:
            return None
        # The cluster has read the token; when it ends is only taken from it to end a session in time.
        times = claims_of(token, Times) or Times()
        return Caller(
            found.user,
            found.uid,
            found.groups,
            dict(found.extra),
            method="token_review",
            home=self._cluster,
            expires_at=times.exp or None,
        )
