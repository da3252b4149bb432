"""Callers whom a cluster knows by their tokens: service accounts, and all that its apiserver authenticates itself."""

import hashlib
import time
from collections import OrderedDict

from kgraph.api.callers import Caller
from kgraph.api.connections import Connections
from kgraph.api.errors import ClusterUnavailable
from kgraph.kube.errors import KubeError
from kgraph.kube.reviews import token_review

# A token that was revoked is refused so soon; the apiserver's own webhook authenticator keeps answers for two minutes.
KEPT_SECONDS = 10.0
KEPT_MOST = 10_000


class TokenReviews:
    """Asks one cluster who a token's holder is; tokens are kept as their digests only."""

    def __init__(self, connections: Connections, cluster: str, audiences: tuple[str, ...] = ()) -> None:
        self._connections = connections
        self._cluster = cluster
        self._audiences = audiences
        self._kept: OrderedDict[bytes, tuple[float, Caller | None]] = OrderedDict()

    async def caller(self, token: str) -> Caller | None:
        """Who has the token; None where the cluster does not know it, ClusterUnavailable where it cannot be asked."""
        digest = hashlib.sha256(token.encode()).digest()
        kept = self._kept.get(digest)
        if kept is not None and time.monotonic() < kept[0]:
            return kept[1]
        try:
            found = await token_review(await self._connections.of(self._cluster), token, self._audiences)
        except KubeError as error:
            raise ClusterUnavailable(f"cluster {self._cluster} cannot be asked who you are: {error}") from error
        caller = Caller(found.user, found.uid, found.groups, dict(found.extra), "token_review") if found else None
        self._kept[digest] = (time.monotonic() + KEPT_SECONDS, caller)
        self._kept.move_to_end(digest)
        while len(self._kept) > KEPT_MOST:
            self._kept.popitem(last=False)
        return caller
