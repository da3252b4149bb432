"""`kgraph up`: everything in one process, on any machine."""

from typing import Any

import rich_click as click

from kgraph.cli import options
from kgraph.cli.defaults import API_PORT


@click.command("up", epilog="Ctrl-C ends it; the graph stays on disk for the next time.")
@options.source
@click.option(
    "--snapshot",
    "snapshots",
    multiple=True,
    metavar="PATH",
    help="A dump or folder of manifests in place of a cluster; may be repeated; - is standard input.",
)
@options.config
@options.neo4j
@click.option("--data", default="", metavar="FOLDER", help="Where the embedded Neo4j keeps its data; else KGRAPH_DATA.")
@click.option(
    "--port", type=click.IntRange(1, 65535), metavar="PORT", help=f"The API's port; else {API_PORT}, or a free one."
)
@click.option("--once", is_flag=True, help="End after the first sync and an example.")
@options.common
def command(**given: Any) -> None:
    """Show a cluster as a graph: embedded Neo4j, sync and API in one.

    The cluster is the kubeconfig's current context when it answers, else a bundled demo. It is only read.
    """
    import os
    from pathlib import Path

    from kgraph.cli import logs
    from kgraph.cli.everything import UpOptions, up
    from kgraph.cli.graphs import Named
    from kgraph.cli.process import interrupts
    from kgraph.cli.sources import Asked

    logs.set_up(os.environ, level="error")
    wanted = UpOptions(
        asked=Asked.given(given),
        neo4j=Named.given(given),
        data=Path(given["data"]).expanduser() if given["data"] else None,
        port=given["port"],
        once=given["once"],
    )
    interrupts.run(up(wanted))
