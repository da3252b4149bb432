"""`kgraph backup`: what no cluster can give back, as a file."""

from typing import Any

import rich_click as click

from kgraph.cli import options


@click.command("backup", epilog="Example: kgraph backup graph-$(date +%F).backup")
@click.argument("file", metavar="FILE", type=click.Path(dir_okay=False))
@click.option("--replace", is_flag=True, help="Put it in the place of a file that is there.")
@options.config
@options.neo4j
@options.common
def command(file: str, *, replace: bool, **given: Any) -> None:
    """Write what cannot be synced again: audit, histories, deleted resources, usage, registered clusters.

    Everything may run meanwhile. Credentials stay sealed: keep KGRAPH_CREDENTIALS_KEY somewhere else.
    """
    import os
    from pathlib import Path

    from kgraph.cli import backing_up, logs
    from kgraph.cli.graphs import Named
    from kgraph.cli.process import interrupts
    from kgraph.cli.terminal import answers

    logs.set_up(os.environ, level="error")
    rows = interrupts.run(backing_up.back_up(given["config"], Named.given(given), Path(file), replace=replace))
    answers().print(f"{file}: {backing_up.counted(rows)}", markup=False)
