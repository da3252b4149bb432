"""`canI` and `whoCan`: access by RBAC, and the binding that gives it."""

from collections.abc import Sequence
from typing import Annotated

import strawberry

from kgraph.api import rbac
from kgraph.api.graphql.context import Info
from kgraph.api.graphql.filters import First, page_size
from kgraph.api.graphql.resource import Resource, resources
from kgraph.api.graphql.selection import selected
from kgraph.api.nodes import Node
from kgraph.api.rbac_request import Meant, Words, identity_of, request_of
from kgraph.kube.rbac import Rule

_SCOPE = (
    "By the RBAC objects that are in the graph alone: what webhooks, the Node and ABAC authorizers and admission would "
    "say is not seen, and the cluster's Roles, ClusterRoles, RoleBindings and ClusterRoleBindings must be synced."
)

Verb = Annotated[str, strawberry.argument(description="The verb: `get`, `list`, `create`, `escalate`, `*` for all.")]
ResourceType = Annotated[
    str,
    strawberry.argument(
        description="The type as kubectl takes it: `pods`, `deploy`, `deployments.apps`; `*` for all of all groups; a "
        "path that is no resource, such as `/metrics`."
    ),
]
Subresource = Annotated[str | None, strawberry.argument(description="A part of it: `log`, `exec`, `scale`, `status`.")]
Name = Annotated[
    str | None,
    strawberry.argument(
        description="One of this name; any of them unless told. Of a list or watch it is the name that its "
        "fieldSelector has."
    ),
]
Namespace = Annotated[
    str | None,
    strawberry.argument(description="In this namespace; in all of them at once unless told. Not the default one."),
]


@strawberry.type(description="A rule of a Role or ClusterRole.")
class AccessRule:
    """What may be done to what."""

    verbs: list[str] = strawberry.field(description="What may be done; `*` is everything.")
    api_groups: list[str] = strawberry.field(description="Of these API groups; empty text is the core group.")
    resources: list[str] = strawberry.field(description="To these: `pods`, `pods/log`, `*/scale`, `*`.")
    resource_names: list[str] = strawberry.field(description="Of these names alone; any where there are none.")
    non_resource_urls: list[str] = strawberry.field(
        name="nonResourceURLs", description="To these paths; `*` at the end is any that begin so."
    )


@strawberry.type(description="Whom a binding names.")
class AccessSubject:
    """A user, a group or a service account."""

    kind: str = strawberry.field(description="`User`, `Group` or `ServiceAccount`.")
    name: str = strawberry.field(description="The name.")
    namespace: str | None = strawberry.field(description="A service account's namespace; else null.")


@strawberry.type(description="A binding that gives somebody access, and what it gives.")
class AccessGrant:
    """Who has it, by which binding, role and rule, and where."""

    subject: AccessSubject = strawberry.field(description="Whom the binding names.")
    binding: Resource = strawberry.field(description="The RoleBinding or ClusterRoleBinding.")
    role: Resource = strawberry.field(description="The Role or ClusterRole that it gives.")
    rule: AccessRule = strawberry.field(description="The first rule of the role that allows it.")
    aggregated_from: str | None = strawberry.field(
        description="Of an aggregated ClusterRole: the ClusterRole from which it has the rule; else null."
    )
    scope: str | None = strawberry.field(description="The namespace where it holds; null for the whole cluster.")


@strawberry.type(description="Whether a request is allowed by RBAC, and why.")
class Access:
    """A decision."""

    allowed: bool = strawberry.field(description="Whether any binding allows it.")
    reason: str = strawberry.field(
        description="Why, in a sentence or two; where not all of the cluster's RBAC is in the graph, it says so."
    )
    complete: bool = strawberry.field(
        description="Whether the answer is sure to be RBAC's: false where it is no, and not all RBAC is in the graph."
    )
    request: str = strawberry.field(description="What was asked, as the words were understood: `get pods/log in shop`.")
    user: str | None = strawberry.field(description="The user who was asked about; null for groups alone.")
    groups: list[str] = strawberry.field(description="The groups that this user was taken to be in.")
    grant: AccessGrant | None = strawberry.field(
        description="What allows it, the whole cluster's bindings first; null where nothing does, and for members of "
        "`system:masters`, about whom no authorizer is asked."
    )


@strawberry.type(description="Who may do something, by every binding that allows it.")
class AccessGrantList:
    """A bounded list of grants."""

    items: list[AccessGrant] = strawberry.field(
        description="The first of them: those of the whole cluster first, users and groups before service accounts."
    )
    truncated: bool = strawberry.field(description="Whether there are more than `first` let in.")
    complete: bool = strawberry.field(description="Whether all of the cluster's RBAC is in the graph.")
    request: str = strawberry.field(description="What was asked, as the words were understood: `get pods/log in shop`.")
    reason: str | None = strawberry.field(
        description="What of the cluster's RBAC is not in the graph, and what a word was taken for; else null."
    )


@strawberry.type
class RbacQueries:
    """The queries about access."""

    @strawberry.field(
        description="Whether somebody may do something, and by which binding: `kubectl auth can-i --as`, explained. "
        "Name a user and groups, or a service account; the groups that the apiserver adds for whoever is impersonated "
        f"are added (`system:authenticated`, those of a service account unless groups are given). {_SCOPE}"
    )
    async def can_i(
        self,
        info: Info,
        cluster: str,
        verb: Verb,
        resource_type: ResourceType,
        namespace: Namespace = None,
        subresource: Subresource = None,
        name: Name = None,
        user: Annotated[str | None, strawberry.argument(description="The user's name, as it is logged in.")] = None,
        groups: Annotated[list[str] | None, strawberry.argument(description="Groups that the user is in.")] = None,
        service_account: Annotated[
            str | None, strawberry.argument(description="`shop/web`, or `web` of the namespace that is asked about.")
        ] = None,
    ) -> Access:
        """The decision."""
        meant = await _meant(info, cluster, Words(verb, resource_type, subresource or "", name or "", namespace or ""))
        identity = identity_of(user or "", groups or (), service_account or "", namespace or "")
        found = await rbac.can_i(info.context.reader, cluster, meant.request, identity, timeout=info.context.timeout)
        grants = await _shown(info, [found.grant] if found.grant else [], "grant.")
        return Access(
            allowed=found.allowed,
            reason=". ".join([found.reason, *meant.remarks]),
            complete=found.complete,
            request=rbac.what(meant.request),
            user=identity.user or None,
            groups=list(identity.groups),
            grant=grants[0] if grants else None,
        )

    @strawberry.field(
        description="Who may do something, by every binding that allows it. Members of a group are known to whoever "
        "logs them in: the group is named. Members of `system:masters` may do everything, whether a binding names it "
        f"or not. {_SCOPE}"
    )
    async def who_can(
        self,
        info: Info,
        cluster: str,
        verb: Verb,
        resource_type: ResourceType,
        namespace: Namespace = None,
        subresource: Subresource = None,
        name: Name = None,
        first: First = None,
    ) -> AccessGrantList:
        """All grants."""
        size = page_size(info, first)
        meant = await _meant(info, cluster, Words(verb, resource_type, subresource or "", name or "", namespace or ""))
        found = await rbac.who_can(
            info.context.reader, cluster, meant.request, first=size, timeout=info.context.timeout
        )
        remarks = list(meant.remarks)
        if found.gaps:
            remarks.append(
                f"there may be others, for not all RBAC of {cluster} is in the graph: {'; '.join(found.gaps)}"
            )
        return AccessGrantList(
            items=await _shown(info, found.items, "items."),
            truncated=found.truncated,
            complete=not found.gaps,
            request=rbac.what(meant.request),
            reason=". ".join(remarks) or None,
        )


async def _meant(info: Info, cluster: str, words: Words) -> Meant:
    return request_of((await info.context.kinds.of(cluster)).catalogue, words, cluster)


async def _shown(info: Info, grants: Sequence[rbac.Grant], prefix: str) -> list[AccessGrant]:
    """Grants in GraphQL's form; bindings and roles with their facts where a field shows one."""
    paths = selected(info)
    bindings = await _by_handle(info, [one.binding for one in grants], paths, f"{prefix}binding.")
    roles = await _by_handle(info, [one.role for one in grants], paths, f"{prefix}role.")
    return [
        AccessGrant(
            subject=AccessSubject(kind=one.subject.kind, name=one.subject.name, namespace=one.subject.namespace),
            binding=bindings[one.binding.handle],
            role=roles[one.role.handle],
            rule=_rule(one.rule),
            aggregated_from=one.origin,
            scope=one.namespace,
        )
        for one in grants
    ]


async def _by_handle(info: Info, nodes: Sequence[Node], paths: frozenset[str], prefix: str) -> dict[str, Resource]:
    """Each node once: one binding names many."""
    once = {one.handle: one for one in nodes}
    return {one.node.handle: one for one in await resources(info, list(once.values()), paths, prefix)}


def _rule(rule: Rule) -> AccessRule:
    return AccessRule(
        verbs=list(rule.verbs),
        api_groups=list(rule.api_groups),
        resources=list(rule.resources),
        resource_names=list(rule.resource_names),
        non_resource_urls=list(rule.non_resource_urls),
    )
