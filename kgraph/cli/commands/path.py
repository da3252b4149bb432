"""`kgraph path`: how one resource hangs on another."""

from typing import Any

import rich_click as click

from kgraph.cli import options


@click.command("path", epilog="Example: kgraph path ingress/shop secret/database -n shop")
@click.argument("start", metavar="KIND/NAME")
@click.argument("end", metavar="KIND/NAME")
@options.scope
@click.option("--to-namespace", default="", metavar="NAME", help="The end's namespace; else that of -n.")
@options.output()
@options.api
@options.common
def command(start: str, end: str, cluster: str, namespace: str, **given: Any) -> None:
    """Show a shortest chain of edges from one resource to another."""
    import msgspec

    from kgraph.cli.answers import PathAnswer, Place, path, the_cluster
    from kgraph.cli.client import Client
    from kgraph.cli.path_tree import path_tree
    from kgraph.cli.printing import print_data
    from kgraph.cli.targets import parse_target
    from kgraph.cli.terminal import answers

    client = Client(given["api"])
    first, last = parse_target(start), parse_target(end)
    cluster = the_cluster(client, cluster)
    answer = path(
        client,
        Place(cluster, namespace or None, first.resource_type, first.name),
        Place(cluster, given["to_namespace"] or namespace or None, last.resource_type, last.name),
    )
    if given["output"] != "tree":
        print_data(answer, given["output"])
        return
    answers().print(path_tree(msgspec.convert(answer, PathAnswer)))
