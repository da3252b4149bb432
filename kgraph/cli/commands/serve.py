"""`kgraph serve`: the API over a graph that others keep."""

from typing import Any

import rich_click as click

from kgraph.cli import options
from kgraph.cli.defaults import API_HOST, API_PORT


@click.command("serve")
@options.config
@options.neo4j
@click.option("--host", default=API_HOST, show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=API_PORT, show_default=True, metavar="PORT")
@options.common
def command(**given: Any) -> None:
    """Serve the API over your Neo4j, which `kgraph worker` fills."""
    import os

    from kgraph.cli import logs
    from kgraph.cli.graphs import Named
    from kgraph.cli.process import interrupts
    from kgraph.cli.services import serve

    logs.set_up(os.environ, level="info")
    interrupts.run(serve(given["config"], Named.given(given), given["host"], given["port"]))
