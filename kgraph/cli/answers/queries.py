"""What the API answers, as the trees read it, and the queries that ask for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from kgraph.cli.answers.client import Client
from kgraph.cli.answers.targets import Target
from kgraph.cli.errors import BadConfiguration, Refused

# More roots than this are no answer that a person reads.
ROOTS_MOST = 20


class Rollup(msgspec.Struct, frozen=True):
    """How a node and all that belongs to it are."""

    health: str
    reason: str | None = None


class Named(msgspec.Struct, frozen=True, rename="camel"):
    """What is asked of every node: what it is."""

    key: str
    kind: str
    name: str
    group: str = ""
    namespace: str | None = None
    cluster: str | None = None
    missing: bool = False


class Item(Named, frozen=True, rename="camel"):
    """A node: a resource, or an image, a host, a subject, a cluster."""

    health: str | None = None
    health_reason: str | None = None
    rollup: Rollup | None = None


class Arc(msgspec.Struct, frozen=True):
    """An edge by its ends' keys, from the dependent to what it depends on."""

    type: str
    source: str
    target: str
    optional: bool = False


class Omission(msgspec.Struct, frozen=True):
    """Neighbours of one node that the walk did not follow."""

    key: str
    type: str
    direction: str
    count: int


class Part(msgspec.Struct, frozen=True):
    """A part of the graph: `ResourceGraph`."""

    root: Item
    nodes: tuple[Item, ...]
    edges: tuple[Arc, ...]
    omitted: tuple[Omission, ...] = ()
    truncated: bool = False


ITEM_FIELDS = "key kind group name namespace cluster missing health healthReason"

_GRAPH = f"""
query Graph($cluster: String!, $namespace: String, $resourceType: String!, $name: String!, $depth: Int!,
            $direction: Direction!, $edgeTypes: [String!], $kinds: [String!], $limit: Int!) {{
  resourceGraph(cluster: $cluster, namespace: $namespace, resourceType: $resourceType, name: $name, depth: $depth,
                direction: $direction, edgeTypes: $edgeTypes, kinds: $kinds, limit: $limit) {{
    root {{ {ITEM_FIELDS} rollup {{ health reason }} }}
    nodes {{ {ITEM_FIELDS} }}
    edges {{ type source target fields optional }}
    omitted {{ key type direction count }}
    truncated
    depth
  }}
}}"""

_SELECTED = """
query Selected($clusters: [String!], $namespaces: [String!], $kinds: [String!], $selector: String, $first: Int) {
  resources(filter: {clusters: $clusters, namespaces: $namespaces, kinds: $kinds, labelSelector: $selector},
            first: $first) {
    nodes { namespace name }
    pageInfo { hasNextPage }
  }
}"""


_NAMED = """
query Named($clusters: [String!], $kinds: [String!], $fields: String) {
  resources(filter: {clusters: $clusters, kinds: $kinds, fieldSelector: $fields}, first: 5) {
    nodes { namespace missing }
  }
}"""


class Place(msgspec.Struct, frozen=True):
    """A resource as the API's queries name it."""

    cluster: str
    namespace: str | None
    resource_type: str
    name: str

    @property
    def variables(self) -> dict[str, Any]:
        """The variables of a query."""
        return {
            "cluster": self.cluster,
            "namespace": self.namespace,
            "resourceType": self.resource_type,
            "name": self.name,
        }


def the_cluster(client: Client, named: str) -> str:
    """The cluster that the user means: the one named, else the only one that runs here, or is in the graph."""
    if named:
        return named
    if len(client.clusters) == 1:
        return client.clusters[0]
    known = [str(cluster["id"]) for cluster in client.ask("{ clusters { id } }")["clusters"]]
    if len(known) == 1:
        return known[0]
    if not known:
        raise Refused(f"the graph at {client.address} is empty: no cluster was synced into it yet")
    raise BadConfiguration(f"which cluster? --cluster is one of {', '.join(known)}")


def places(client: Client, cluster: str, namespace: str, targets: tuple[Target, ...], selector: str) -> list[Place]:
    """The resources that the words, or a kind and a label selector, name."""
    if not selector:
        for target in targets:
            if not target.name:
                raise BadConfiguration(f"which {target.resource_type}? write {target.resource_type}/NAME, or use -l")
        return [Place(cluster, namespace or None, target.resource_type, target.name) for target in targets]
    if len(targets) != 1 or targets[0].name:
        raise BadConfiguration("-l goes with a kind and no name: pods -l app=web")
    (target,) = targets
    page = client.ask(
        _SELECTED,
        clusters=[cluster],
        namespaces=[namespace] if namespace else None,
        kinds=[target.resource_type],
        selector=selector,
        first=ROOTS_MOST,
    )["resources"]
    if not page["nodes"]:
        raise Refused(f"no {target.resource_type} in {cluster}{f'/{namespace}' if namespace else ''} has {selector}")
    if page["pageInfo"]["hasNextPage"]:
        raise BadConfiguration(f"-l {selector} selects more than {ROOTS_MOST} {target.resource_type}: be more precise")
    return [Place(cluster, node["namespace"], target.resource_type, node["name"]) for node in page["nodes"]]


def resource_graph(client: Client, place: Place, **options: Any) -> dict[str, Any]:
    """The answer of `resourceGraph` as it came."""
    with hinted(client, place):
        answer: dict[str, Any] = client.ask(_GRAPH, **place.variables, **options)["resourceGraph"]
    return answer


@contextmanager
def hinted(client: Client, *asked: Place) -> Iterator[None]:
    """Where a resource is not found, and no namespace was named, say in which namespaces there is one of that name."""
    try:
        yield
    except Refused as error:
        for place in asked:
            if error.code == "NOT_FOUND" and place.namespace is None and (found := _namespaces(client, place)):
                hint = f"there is one in {', '.join(found)}: add -n {found[0]}"
                raise Refused(f"{error}; {hint}", error.code) from error
        raise


def _namespaces(client: Client, place: Place) -> list[str]:
    page = client.ask(
        _NAMED, clusters=[place.cluster], kinds=[place.resource_type], fields=f"metadata.name={place.name}"
    )["resources"]
    return [node["namespace"] for node in page["nodes"] if node["namespace"] and not node["missing"]]


class Affected(msgspec.Struct, frozen=True):
    """One resource that does not stay as it is, and the chain of edges that says why."""

    resource: Item
    effect: str
    path: tuple[Arc, ...] = ()
    left: int | None = None
    of: int | None = None
    before: str | None = None


class ImpactAnswer(msgspec.Struct, frozen=True):
    """`Impact`."""

    root: Item
    change: str
    affected: tuple[Affected, ...]
    deleted: int
    broken: int
    degraded: int
    truncated: bool
    complete: bool


_IMPACT = f"""
query Impact($cluster: String!, $namespace: String, $resourceType: String!, $name: String!, $change: Change!,
             $limit: Int!) {{
  impact(cluster: $cluster, namespace: $namespace, resourceType: $resourceType, name: $name, change: $change,
         limit: $limit) {{
    root {{ {ITEM_FIELDS} }}
    change
    affected {{ resource {{ {ITEM_FIELDS} }} effect before left of path {{ type source target optional }} }}
    deleted broken degraded truncated complete
  }}
}}"""


def impact(client: Client, place: Place, *, change: str, limit: int) -> dict[str, Any]:
    """The answer of `impact` as it came."""
    with hinted(client, place):
        answer: dict[str, Any] = client.ask(_IMPACT, **place.variables, change=change, limit=limit)["impact"]
    return answer


class PathAnswer(msgspec.Struct, frozen=True):
    """`Path`: nodes from the one end to the other, and the edges between neighbours."""

    nodes: tuple[Item, ...]
    edges: tuple[Arc, ...]
    direction: str


_PATH = f"""
query Path($from: ResourceRef!, $to: ResourceRef!, $depth: Int!) {{
  path(from: $from, to: $to, depth: $depth) {{
    nodes {{ {ITEM_FIELDS} }}
    edges {{ type source target fields optional }}
    direction
  }}
}}"""


def path(client: Client, start: Place, end: Place, *, depth: int) -> dict[str, Any] | None:
    """The answer of `path` as it came; None where there is no path."""
    with hinted(client, start, end):
        ends = {"from": start.variables, "to": end.variables}
        answer: dict[str, Any] | None = client.ask(_PATH, **ends, depth=depth)["path"]
    return answer
