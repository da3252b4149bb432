"""What `kgraph up` says when the graph is there: what is in it, where it is, and an example of what to ask."""

import msgspec
from rich.console import Console
from rich.text import Text

from kgraph.cli.answers.client import Client
from kgraph.cli.answers.queries import Part, Place, resource_graph
from kgraph.cli.answers.trees import graph_tree
from kgraph.cli.errors import CliError
from kgraph.cli.process.workers import Workers
from kgraph.cli.running import Running
from kgraph.cli.terminal import answers, remarks

FAILING_SHOWN = 5

# Something that a person would ask about: the first of these kinds that is there.
_EXAMPLE_KINDS = ("deployments", "statefulsets", "daemonsets", "pods", "services", "namespaces")
# Its own namespaces are what every cluster has, and nobody asks about first.
_SYSTEM_NAMESPACES = "metadata.namespace!=kube-system,metadata.namespace!=local-path-storage"

_EXAMPLES = """
query Examples($clusters: [String!], $kinds: [String!], $fields: String) {
  resources(filter: {clusters: $clusters, kinds: $kinds, fieldSelector: $fields}, first: 200) {
    nodes { key kind group name namespace cluster missing }
  }
}"""


def print_ready(console: Console, workers: Workers, running: Running, *, seconds: float) -> None:
    """What was synced, what could not be, and all addresses."""
    for cluster in workers.configured:
        if cluster in workers.failed:
            console.print(Text(f"{cluster} is not in the graph: {workers.failed[cluster]}", style="red"))
            continue
        now = workers.by_cluster[cluster].progress
        console.print(f"{cluster}: {now.resources:,} resources of {now.kinds} kinds, in {seconds:.0f} s", style="bold")
        for kind, why in list(now.failing.items())[:FAILING_SHOWN]:
            console.print(Text(f"  {kind} cannot be read: {why}", style="yellow"))
        if len(now.failing) > FAILING_SHOWN:
            console.print(f"  … and {len(now.failing) - FAILING_SHOWN} more kinds")
    console.print(f"  GraphiQL       {running.api}/graphql")
    console.print(f"  health         {running.api}/health/ready")
    if running.metrics:
        console.print(f"  metrics        {running.metrics}")
    if running.neo4j_browser:
        console.print(f"  Neo4j Browser  {running.neo4j_browser}")
        # Each on a line of its own: a path that is folded cannot be copied.
        console.print(f"    user {running.neo4j_user}, password in the file")
        console.print(f"    {running.neo4j_password_file}", soft_wrap=True)


def print_example(running: Running) -> None:
    """Ask what a user would ask first, over HTTP as they would, and show the answer and how to get it."""
    try:
        client = Client(running.api)
        place = _example(client, running.clusters)
        if place is None:
            return
        parts = {
            way: msgspec.convert(
                resource_graph(client, place, direction=way, depth=2, limit=30, edgeTypes=None, kinds=None), Part
            )
            for way in ("OUT", "IN")
        }
    except CliError as error:
        # The graph is there, and whoever asks it sees what is wrong with the question.
        remarks().print(Text(f"The example could not be asked: {error}", style="yellow"))
        return
    named = f"{place.resource_type}/{place.name}" + (f" -n {place.namespace}" if place.namespace else "")
    many = f" --cluster {place.cluster}" if len(running.clusters) > 1 else ""
    remarks().print(f"For example, kgraph graph {named}{many}:")
    answers().print(graph_tree(parts["OUT"].root, parts["OUT"], parts["IN"]))
    remarks().print(f"Then try: kgraph impact {named}{many}")


def _example(client: Client, clusters: tuple[str, ...]) -> Place | None:
    for kind in _EXAMPLE_KINDS:
        found = client.ask(_EXAMPLES, clusters=list(clusters), kinds=[kind], fields=_SYSTEM_NAMESPACES)
        nodes = [node for node in found["resources"]["nodes"] if not node["missing"]]
        if nodes:
            # A storefront says more than an exporter; else the first by its key.
            node = next((node for node in nodes if node["name"] in ("web", "frontend", "api")), nodes[0])
            return Place(node["cluster"], node["namespace"], node["kind"].lower(), node["name"])
    return None
