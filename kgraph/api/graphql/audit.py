"""`auditTrail`: who changed what through this API, or tried to."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import strawberry

from kgraph.api.changing import audit
from kgraph.api.graphql.context import Info
from kgraph.api.graphql.filters import First, page_size
from kgraph.api.graphql.history import Since
from kgraph.api.graphql.scalars import DateTime
from kgraph.api.history import since_when
from kgraph.api.kinds import resolve
from kgraph.graphdb.catalogue import Catalogue
from kgraph.graphdb.model import GroupKind


@strawberry.enum(description="What the cluster said of the caller's right to a mutation.")
class AuditDecision(Enum):
    """Decisions."""

    ALLOWED = strawberry.enum_value("ALLOWED", description="The caller may.")
    DENIED = strawberry.enum_value("DENIED", description="The caller may not.")
    NOT_ASKED = strawberry.enum_value(
        "NOT_ASKED", description="Nobody was authenticated, rights are not asked for, or it was refused before that."
    )


@strawberry.enum(description="What became of a mutation.")
class AuditOutcome(Enum):
    """Outcomes."""

    UNDERWAY = strawberry.enum_value(
        "UNDERWAY", description="It was sent, or was about to be. If it stays so, the server that did it has died."
    )
    SUCCEEDED = strawberry.enum_value("SUCCEEDED", description="It happened.")
    REPEATED = strawberry.enum_value(
        "REPEATED", description="Its idempotency key had been used before: the first answer was given again."
    )
    REFUSED = strawberry.enum_value("REFUSED", description="Nothing was sent to the cluster.")
    FAILED = strawberry.enum_value("FAILED", description="The cluster refused it, or was not reached.")
    UNKNOWN = strawberry.enum_value("UNKNOWN", description="It was sent, and nobody can say whether it happened.")


@strawberry.type(description="One mutation, or an attempt at one.")
class AuditEntry:
    """An entry of the audit."""

    id: strawberry.ID = strawberry.field(description="The entry's own id, as in the line of the log.")
    at: DateTime = strawberry.field(description="When it was asked for.")
    user: str = strawberry.field(description="Who asked; empty where nobody was authenticated.")
    uid: str | None = strawberry.field(description="The user's uid, where the authenticator knows one.")
    groups: list[str] = strawberry.field(description="The user's groups.")
    authentication: str = strawberry.field(description="How the user was told: `none`, `token_review`, `oidc`.")
    acting_as: str | None = strawberry.field(
        description="Whom the request impersonated; null where it went out with this server's own login."
    )
    mutation: str = strawberry.field(description="The mutation: `scaleDeployment`.")
    cluster: str = strawberry.field(description="The cluster's id.")
    key: str | None = strawberry.field(description="The resource's key; null where it was never found out.")
    group: str = strawberry.field(description="The API group; empty for Kubernetes' core group.")
    kind: str | None = strawberry.field(description="The kind.")
    namespace: str | None = strawberry.field(description="The namespace; null where the kind has none.")
    name: str | None = strawberry.field(description="The resource's name.")
    verb: str | None = strawberry.field(description="What the caller had to be allowed: `patch`.")
    subresource: str | None = strawberry.field(description="Of which subresource: `scale`.")
    fields: list[str] = strawberry.field(description="The paths that were given; never their values.")
    detail: str | None = strawberry.field(description="What else matters of how it was asked for: `replicas 3`.")
    dry_run: bool = strawberry.field(description="Whether nothing was to change.")
    decision: AuditDecision = strawberry.field(description="What the cluster said of the caller's right to it.")
    reason: str | None = strawberry.field(description="Why, in the authorizer's words.")
    outcome: AuditOutcome = strawberry.field(description="What became of it.")
    code: str | None = strawberry.field(description="The error's code, as the caller got it.")
    message: str | None = strawberry.field(description="The error's message.")
    before: str | None = strawberry.field(description="The resourceVersion before; null where there was nothing.")
    after: str | None = strawberry.field(description="The resourceVersion after.")
    trace_id: str | None = strawberry.field(description="The trace that it was a part of.")


@strawberry.input(description="Which entries; all conditions must hold.")
class AuditFilter:
    """Conditions on entries."""

    keys: list[str] | None = strawberry.field(default=None, description="About resources with these keys.")
    clusters: list[str] | None = strawberry.field(default=None, description="Of these clusters.")
    namespaces: list[str] | None = strawberry.field(default=None, description="Of resources in these namespaces.")
    kinds: list[str] | None = strawberry.field(default=None, description="Of these kinds, as kubectl takes them.")
    names: list[str] | None = strawberry.field(default=None, description="Of resources with these names.")
    users: list[str] | None = strawberry.field(default=None, description="By these users.")
    mutations: list[str] | None = strawberry.field(default=None, description="These mutations: `scaleDeployment`.")
    outcomes: list[AuditOutcome] | None = strawberry.field(default=None, description="With one of these outcomes.")
    dry_run: bool | None = strawberry.field(default=None, description="Only dry runs, or only what was meant.")


@strawberry.type(description="Entries, the latest first, and whether there are more.")
class AuditTrail:
    """A bounded list of entries."""

    items: list[AuditEntry] = strawberry.field(description="The latest of them.")
    truncated: bool = strawberry.field(description="Whether there are more than `first` let in.")


@strawberry.type
class AuditQueries:
    """The query about mutations."""

    @strawberry.field(
        description="What was changed through this API, or tried, the latest first: your own attempts, and all about "
        "what you may list. The setting `audit_retention` says for how long they are kept."
    )
    async def audit_trail(
        self, info: Info, filter: AuditFilter | None = None, since: Since = "24h", first: First = None
    ) -> AuditTrail:
        """The entries."""
        given = filter or AuditFilter()
        wanted = audit.Trail(
            keys=given.keys,
            clusters=given.clusters,
            namespaces=given.namespaces,
            kinds=await _kinds(info, given),
            names=given.names,
            users=given.users,
            mutations=given.mutations,
            outcomes=None if given.outcomes is None else [one.name for one in given.outcomes],
            dry_run=given.dry_run,
        )
        await info.context.mutations.audit.settled()
        found, more = await audit.trail(
            info.context.reader,
            wanted,
            info.context.caller.user,
            since=since_when(since, datetime.now(UTC)),
            first=page_size(info, first),
            timeout=info.context.timeout,
        )
        return AuditTrail(items=[_shown(one) for one in found], truncated=more)


async def _kinds(info: Info, given: AuditFilter) -> list[GroupKind] | None:
    """The kinds that are meant in any cluster; BadUserInput where a word means none in all of them."""
    if given.kinds is None:
        return None
    known = [(name, one.catalogue) for name, one in (await info.context.kinds.clusters()).items()]
    known = known or [("any", Catalogue())]
    found: list[GroupKind] = []
    for spelling in given.kinds:
        there = [(name, catalogue) for name, catalogue in known if catalogue.resolve(spelling) is not None]
        found += [resolve(catalogue, spelling, name).group_kind for name, catalogue in there or known[:1]]
    return list(dict.fromkeys(found))


def _shown(one: Mapping[str, Any]) -> AuditEntry:
    return AuditEntry(
        id=strawberry.ID(one["key"]),
        at=DateTime(one["at"]),
        user=one["user"],
        uid=one.get("uid"),
        groups=list(one.get("groups") or ()),
        authentication=one["authentication"],
        acting_as=one.get("actingAs"),
        mutation=one["mutation"],
        cluster=one["cluster"],
        key=one.get("of"),
        group=one.get("group") or "",
        kind=one.get("kind"),
        namespace=one.get("namespace"),
        name=one.get("name"),
        verb=one.get("verb"),
        subresource=one.get("subresource"),
        fields=list(one.get("fields") or ()),
        detail=one.get("detail"),
        dry_run=one["dryRun"],
        decision=AuditDecision[one["decision"]],
        reason=one.get("reason"),
        outcome=AuditOutcome[one["outcome"]],
        code=one.get("code"),
        message=one.get("message"),
        before=one.get("before"),
        after=one.get("after"),
        trace_id=one.get("traceId"),
    )
