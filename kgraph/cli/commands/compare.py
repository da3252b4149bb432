"""`kgraph compare`: two resources beside each other."""

from typing import Any

import rich_click as click

from kgraph.cli import options


@click.command("compare", epilog="Example: kgraph compare prod:deploy/web staging:deploy/web -n shop")
@click.argument("a", metavar="[CLUSTER:]KIND/NAME")
@click.argument("b", metavar="[CLUSTER:]KIND/NAME", required=False, default="")
@options.scope
@click.option("--to-namespace", default="", metavar="NAME", help="The second's namespace; else that of -n.")
@click.option("--to-cluster", default="", metavar="ID", help="The second's cluster; else that of --cluster.")
@click.option("--everything", is_flag=True, help="Status, identity, times and generated fields too.")
@options.output(table=True)
@options.api
@options.common
def command(a: str, b: str, cluster: str, namespace: str, output: str, **given: Any) -> None:
    """Show which fields of two resources differ, and what they depend on differently.

    The second may be left out where --to-cluster or --to-namespace says which of that name is meant.
    """
    from kgraph.cli.answers.client import Client
    from kgraph.cli.answers.comparison import ask_compare, print_comparison
    from kgraph.cli.answers.printing import print_data
    from kgraph.cli.answers.queries import Place, the_cluster
    from kgraph.cli.answers.targets import parse_target, split_cluster
    from kgraph.cli.errors import BadConfiguration

    if not b and not (given["to_cluster"] or given["to_namespace"]):
        raise BadConfiguration("compare with what? name a second resource, or its --to-cluster or --to-namespace")
    (cluster_a, word_a), (cluster_b, word_b) = split_cluster(a), split_cluster(b)
    client = Client(given["api"])
    first = parse_target(word_a)
    second = parse_target(word_b) if word_b else first
    here = cluster_a or the_cluster(client, cluster)
    answer = ask_compare(
        client,
        Place(here, namespace or None, first.resource_type, first.name),
        Place(
            cluster_b or given["to_cluster"] or here,
            given["to_namespace"] or namespace or None,
            second.resource_type,
            second.name,
        ),
        everything=given["everything"],
    )
    if output == "table":
        print_comparison(answer)
    else:
        print_data(answer, output)
