"""Who asks: what an authenticator found out about the sender of a request."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from kgraph.kube.reviews import Subject


class Caller(msgspec.Struct, frozen=True):
    """A user as Kubernetes knows them; `method` is how they were told: `none`, `token_review`, `oidc`."""

    user: str
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: Mapping[str, tuple[str, ...]] = {}
    method: str = "none"
    expires_at: datetime | None = None

    @property
    def subject(self) -> Subject:
        """The same as a review takes it."""
        return Subject(self.user, self.uid, self.groups, tuple(sorted(self.extra.items())))

    @property
    def is_known(self) -> bool:
        """Whether anybody was authenticated: else all that is read may be read, on loopback only."""
        return self.method != "none"


ANYONE = Caller("")
