"""`kgraph diff`: is a cluster as its manifests say?"""

import sys
from typing import Any

import rich_click as click

from kgraph.cli import options


@click.command("diff", epilog="Exit codes: 0 no drift, 1 drift, 2 when something could not be compared.")
@click.option(
    "-f",
    "--desired",
    default=".",
    show_default=True,
    metavar="PATH|ID",
    help="Manifests: a file, a folder (Kustomize's are rendered), -, or a snapshot's id in the graph.",
)
@click.option("--cluster", default="", metavar="ID", help="May be left out when there is only one.")
@click.option("-n", "--namespace", default="", metavar="NAME", help="Of manifests that name none.")
@click.option("--limit", default=500, show_default=True, metavar="N", help="The most resources to list.")
@options.source
@options.config
@options.neo4j
@options.api
@options.output(table=True)
@options.common
def command(desired: str, cluster: str, namespace: str, limit: int, output: str, **given: Any) -> None:
    """Compare manifests with a cluster: what is missing, added, and changed.

    Asks the graph where it holds the cluster, and the cluster itself with --context, or where there is no graph.
    """
    import os

    import msgspec

    from kgraph.cli import logs
    from kgraph.cli.answers.drift_report import print_drift
    from kgraph.cli.answers.printing import print_data
    from kgraph.cli.drifting import DiffOptions, diff_cluster
    from kgraph.cli.errors import CliError, Uncertain
    from kgraph.cli.graphs import Named
    from kgraph.cli.process import interrupts
    from kgraph.cli.sources import Asked
    from kgraph.graphdb.errors import GraphError
    from kgraph.kube.errors import KubeError

    logs.set_up(os.environ, level="error")
    wanted = DiffOptions(
        desired=desired,
        cluster=cluster,
        namespace=namespace,
        asked=Asked.given(given),
        neo4j=Named.given(given),
        api=given["api"],
        most=limit,
    )
    try:
        outcome = interrupts.run(diff_cluster(wanted))
    except (CliError, KubeError, GraphError) as error:
        raise Uncertain(str(error)) from error
    if output == "table":
        print_drift(outcome.answer)
    else:
        print_data(msgspec.to_builtins(outcome.answer), output)
    if not outcome.whole:
        sys.exit(Uncertain.exit_code)
    sys.exit(int(outcome.answer.drifted))
