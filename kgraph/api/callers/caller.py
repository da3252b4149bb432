"""Who asks: what an authenticator found out about the sender of a request, and who that is to each cluster.

Names that begin with `system:` are Kubernetes' own, and mean somebody else in every cluster: whoever may make service
accounts in one would be, by name, the controllers of all others. So they count only in the cluster that has said them.
"""

from collections.abc import Mapping
from typing import Optional

import msgspec

from kgraph.kube.reviews import Attributes, Subject

RESERVED = "system:"
AUTHENTICATED = "system:authenticated"


class Impersonation(msgspec.Struct, frozen=True):
    """That a caller is somebody else's wish: whose, and what a cluster must allow them for it to hold there."""

    by: "Caller"
    needs: tuple[Attributes, ...]


class Caller(msgspec.Struct, frozen=True):
    """A user as Kubernetes knows them; `method` is how they were told: `none`, `token_review`, `oidc`.

    `home` is the cluster that knows them, "" where that is none. `expires_at`, in seconds since the epoch, is when
    their token ends, as far as it says so.
    """

    user: str
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: Mapping[str, tuple[str, ...]] = {}
    method: str = "none"
    home: str = ""
    expires_at: float | None = None
    impersonation: Optional["Impersonation"] = None

    def subject_in(self, cluster: str) -> Subject | None:
        """Who they are to a cluster, as a review takes it; None where they are nobody there.

        Whether that cluster lets `impersonation.by` be them is for `Verdicts` to ask.
        """
        extra = tuple(sorted(self.extra.items()))
        if not self.user:
            return None
        if self.impersonation is not None or (self.home and cluster == self.home):
            return Subject(self.user, self.uid, self.groups, extra)
        if self.user.startswith(RESERVED):
            return None
        groups = tuple(group for group in self.groups if group == AUTHENTICATED or not group.startswith(RESERVED))
        return Subject(self.user, self.uid, groups, extra)

    @property
    def sender(self) -> "Caller":
        """Who really asks: whoever impersonates them, else themselves."""
        return self.impersonation.by if self.impersonation else self

    @property
    def is_known(self) -> bool:
        """Whether callers are authenticated here: else all that is read may be read, on loopback only."""
        return self.method != "none"

    @property
    def identity(self) -> tuple[object, ...]:
        """What makes them who they are, for a session to notice that they have become somebody else."""
        by = self.impersonation.by.identity if self.impersonation else None
        return (self.user, self.uid, frozenset(self.groups), self.method, self.home, by)

    @property
    def who(self) -> tuple[object, ...]:
        """What clusters know them by, for what is kept of one caller to be nobody else's."""
        return (self.identity, tuple(sorted(self.extra.items())))


ANYONE = Caller("")
# Who has not said yet who they are: sees nothing, anywhere.
NOBODY = Caller("", method="nobody")
