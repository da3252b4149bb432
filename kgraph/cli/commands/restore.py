"""`kgraph restore`: a backup, back into a graph."""

from typing import Any

import rich_click as click

from kgraph.cli import options


@click.command("restore", epilog="It may be run again: what the graph has already stands.")
@click.argument("file", metavar="FILE", type=click.Path(dir_okay=False))
@options.config
@options.neo4j
@options.common
def command(file: str, **given: Any) -> None:
    """Bring a backup of `kgraph backup` into a graph, empty or not; the workers' sync gives it the rest.

    The whole file is checked before anything is written.
    """
    import os
    from pathlib import Path

    from kgraph.cli import backing_up, logs
    from kgraph.cli.graphs import Named
    from kgraph.cli.process import interrupts
    from kgraph.cli.terminal import answers

    logs.set_up(os.environ, level="error")
    done = interrupts.run(backing_up.restore(given["config"], Named.given(given), Path(file)))
    answers().print(f"in the file: {backing_up.counted(done.rows)}", markup=False)
    answers().print(f"written: {backing_up.counted(done.written)}", markup=False)
    if done.rebuilding:
        answers().print(f"to be rebuilt by their workers: {', '.join(done.rebuilding)}", markup=False)
