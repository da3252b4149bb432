"""`kgraph graph`: what is near a resource."""

from typing import Any

import rich_click as click

from kgraph.cli import options


@click.command("graph", epilog="Examples: kgraph graph deploy/web -n shop · kgraph graph pods -l app=web -n shop")
@click.argument("resource", nargs=-1, metavar="KIND/NAME…")
@options.scope
@click.option("-l", "--selector", default="", help="A label selector in place of names: app=web,tier!=test.")
@click.option("--depth", default=2, show_default=True, metavar="N", help="How many edges away.")
@click.option(
    "--direction",
    type=click.Choice(["out", "in", "both"], case_sensitive=False),
    default="both",
    show_default=True,
    help="out: what it needs; in: what needs it.",
)
@click.option("--edges", default="", metavar="TYPES", help="Only these edges: OWNED_BY,SELECTS.")
@click.option("--kinds", default="", metavar="KINDS", help="Only these kinds: pods,svc.")
@click.option("--limit", default=500, show_default=True, metavar="N", help="The most nodes.")
@options.output()
@options.api
@options.common
def command(resource: tuple[str, ...], cluster: str, namespace: str, selector: str, **given: Any) -> None:
    """Show what is near a resource: what it needs, and what needs it."""
    import msgspec

    from kgraph.cli.answers.client import Client
    from kgraph.cli.answers.printing import print_data
    from kgraph.cli.answers.queries import Part, places, resource_graph, the_cluster
    from kgraph.cli.answers.targets import parse_targets
    from kgraph.cli.answers.trees import graph_tree
    from kgraph.cli.terminal import answers

    client = Client(given["api"])
    targets = parse_targets(resource)
    asked = {
        "depth": given["depth"],
        "limit": given["limit"],
        "edgeTypes": _split(given["edges"]),
        "kinds": _split(given["kinds"]),
    }
    direction = given["direction"].upper()
    roots = places(client, the_cluster(client, cluster), namespace, targets, selector)
    if given["output"] != "tree":
        found = [resource_graph(client, place, direction=direction, **asked) for place in roots]
        print_data(found if selector or len(found) > 1 else found[0], given["output"])
        return
    for place in roots:
        # Both ways at once would also bring what is reached by turning round on the way: siblings, which no tree of
        # needs can hold.
        parts = {
            way: msgspec.convert(resource_graph(client, place, direction=way, **asked), Part)
            for way in ("OUT", "IN")
            if direction in (way, "BOTH")
        }
        answers().print(graph_tree(next(iter(parts.values())).root, parts.get("OUT"), parts.get("IN")))


def _split(words: str) -> list[str] | None:
    return [word.strip() for word in words.split(",") if word.strip()] or None
