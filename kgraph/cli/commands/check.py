"""`kgraph check`: is the graph what the cluster is?"""

import sys
from typing import Any

import rich_click as click

from kgraph.cli import options


@click.command("check", epilog="Exit code 1 where they differ.")
@click.argument("clusters", nargs=-1, metavar="[CLUSTER…]")
@options.source
@click.option("--snapshot", "snapshots", multiple=True, metavar="PATH", help="A dump in place of a cluster.")
@options.config
@options.neo4j
@click.option("--deep", is_flag=True, help="Believe no fingerprint: compare every property and label too.")
@options.output(table=True)
@options.common
def command(clusters: tuple[str, ...], output: str, *, deep: bool, **given: Any) -> None:
    """Compare clusters with the graph, key by key and edge by edge.

    Without options: the clusters of the `kgraph up` that runs here, with its graph.
    """
    import os

    from kgraph.cli import logs
    from kgraph.cli.checking import check_clusters, print_reports
    from kgraph.cli.graphs import Named
    from kgraph.cli.process import interrupts
    from kgraph.cli.sources import Asked

    logs.set_up(os.environ, level="error")
    reports = interrupts.run(check_clusters(Asked.given(given), Named.given(given), clusters, deep=deep))
    print_reports(reports, output)
    if any(report.differences or report.unread for report in reports):
        sys.exit(1)
