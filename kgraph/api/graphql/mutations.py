"""`addCluster` and `removeCluster`; the schema has them only where the configuration enables mutations."""

from typing import Annotated

import msgspec
import strawberry

from kgraph.api.changing.cluster_mutations import ClusterChange
from kgraph.api.graphql.changed import trace_id
from kgraph.api.graphql.cluster import Cluster, shown
from kgraph.api.graphql.context import Info
from kgraph.kube.given import GivenCluster

DryRun = Annotated[bool, strawberry.argument(description="Check everything, and change nothing.")]


@strawberry.input(
    description="A cluster to keep in the graph: its names, and either `server` with a login or `kubeconfig`. Logins "
    "are PEM and token texts; nothing here is a path, and no program is run."
)
class ClusterInput:
    """What `addCluster` takes; it never shows what is in it."""

    id: strawberry.ID = strawberry.field(
        description="Its name in keys and queries, never to be changed: letters, digits, `-`, `_`, `.`."
    )
    name: str = strawberry.field(default="", description="A name for people; the id where there is none.")
    environment: str = strawberry.field(default="", description="Such as `dev`, `staging`, `prod`.")
    region: str = strawberry.field(default="", description="Where it runs.")
    server: str = strawberry.field(default="", description="The apiserver's address: `https://host:6443`.")
    ca: str = strawberry.field(default="", description="Its authority, PEM; the system's own where there is none.")
    server_name: str = strawberry.field(
        default="", description="The name that its certificate must have, where it is not the address's."
    )
    insecure_skip_verify: bool = strawberry.field(
        default=False, description="Trust any certificate: whoever is on the way can read the login."
    )
    token: str = strawberry.field(default="", description="A bearer token, such as a service account's.")
    certificate: str = strawberry.field(default="", description="A client certificate, PEM.")
    key: str = strawberry.field(default="", description="Its key, PEM.")
    kubeconfig: str = strawberry.field(
        default="",
        description="The text of a kubeconfig, one context of which is used: of `kubectl config view --flatten --raw`.",
    )
    context: str = strawberry.field(default="", description="Its context; the current one where there is none.")

    def __repr__(self) -> str:
        return f"ClusterInput(id={self.id!r})"


@strawberry.type
class ClusterMutations:
    """The mutations about clusters."""

    @strawberry.mutation(
        description="Keep one more cluster in the graph, from now on and after every restart. Its credentials are kept "
        "sealed with KGRAPH_CREDENTIALS_KEY and never returned. A worker takes it up within seconds; `status` of the "
        "cluster says how it gets on."
    )
    async def add_cluster(self, info: Info, input: ClusterInput, dry_run: DryRun = False) -> Cluster | None:  # noqa: FBT002 - GraphQL's arguments have names
        """Register a cluster; null for a dry run of one that is new."""
        given = msgspec.convert(input, GivenCluster, from_attributes=True)
        change, context = _change(info, dry_run=dry_run), info.context
        found = await change.add(context.sealer, given, timeout=context.timeout)
        return shown(found) if found else None

    @strawberry.mutation(
        description="Take a cluster out of the graph that no configuration names: its credentials at once, its part of "
        "the graph bit by bit. True once that is under way."
    )
    async def remove_cluster(self, info: Info, id: strawberry.ID, dry_run: DryRun = False) -> bool:  # noqa: FBT002 - GraphQL's arguments have names
        """Mark a cluster for removal."""
        await _change(info, dry_run=dry_run).remove(str(id))
        return True


def _change(info: Info, *, dry_run: bool) -> ClusterChange:
    context = info.context
    return ClusterChange(context.caller, context.reader, context.mutations.audit, trace_id(info), dry_run)
