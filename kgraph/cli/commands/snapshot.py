"""`kgraph snapshot`: a cluster into a folder."""

from typing import Any

import rich_click as click

from kgraph.cli import options


@click.command("snapshot", epilog="Look at it with: kgraph up --snapshot FOLDER")
@click.argument("folder", type=click.Path(file_okay=False))
@options.source
@options.config
@click.option("--cluster", default="", metavar="ID", help="Which of the configured clusters.")
@options.common
def command(folder: str, cluster: str, **given: Any) -> None:
    """Dump a cluster to a folder, without the values of Secrets. The cluster is only read."""
    import os
    from pathlib import Path

    from kgraph.cli import logs
    from kgraph.cli.dumping import dump_cluster
    from kgraph.cli.process import interrupts
    from kgraph.cli.sources import Asked

    logs.set_up(os.environ, level="error")
    interrupts.run(dump_cluster(Asked.given(given), cluster, Path(folder)))
