"""`kgraph worker`: clusters into a graph, for ever."""

from typing import Any

import rich_click as click

from kgraph.cli import options


@click.command("worker")
@options.config
@options.neo4j
@options.common
def command(**given: Any) -> None:
    """Keep the configured clusters in step with your Neo4j."""
    import os

    from kgraph.cli import logs
    from kgraph.cli.graphs import Named
    from kgraph.cli.process import interrupts
    from kgraph.cli.working import work

    logs.set_up(os.environ, level="info")
    interrupts.run(work(given["config"], Named.given(given)))
