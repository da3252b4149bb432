"""`kgraph path`: how one resource hangs on another."""

from typing import Any

import rich_click as click

from kgraph.cli import options


@click.command("path", epilog="Example: kgraph path ingress/shop secret/database -n shop")
@click.argument("start", metavar="KIND/NAME")
@click.argument("end", metavar="KIND/NAME")
@options.scope
@click.option("--to-namespace", default="", metavar="NAME", help="The end's namespace; else that of -n.")
@click.option("--to-cluster", default="", metavar="ID", help="The end's cluster; else that of --cluster.")
@click.option("--depth", default=10, show_default=True, metavar="N", help="The most edges.")
@options.output()
@options.api
@options.common
def command(start: str, end: str, cluster: str, namespace: str, **given: Any) -> None:
    """Show a shortest chain of edges from one resource to another. Exit code 1 where there is none."""
    import msgspec

    from kgraph.cli.answers.client import Client
    from kgraph.cli.answers.path_tree import path_lines
    from kgraph.cli.answers.printing import print_data
    from kgraph.cli.answers.queries import PathAnswer, Place, path, the_cluster
    from kgraph.cli.answers.targets import parse_target
    from kgraph.cli.errors import CliError
    from kgraph.cli.terminal import answers

    client = Client(given["api"])
    first, last = parse_target(start), parse_target(end)
    cluster = the_cluster(client, cluster)
    answer = path(
        client,
        Place(cluster, namespace or None, first.resource_type, first.name),
        Place(
            given["to_cluster"] or cluster, given["to_namespace"] or namespace or None, last.resource_type, last.name
        ),
        depth=given["depth"],
    )
    if given["output"] != "tree":
        print_data(answer, given["output"])
    if answer is None:
        raise CliError(f"no path of at most {given['depth']} edges joins {first} and {last}")
    if given["output"] == "tree":
        answers().print(path_lines(msgspec.convert(answer, PathAnswer)))
