"""`kgraph rebuild`: write a cluster's part of the graph anew, while everybody reads on."""

import sys
from typing import Any

import rich_click as click

from kgraph.cli import options


@click.command(
    "rebuild",
    epilog="Exit codes: 0 done (with --dry-run: nothing differs), 1 when something could not be read, was not done in "
    "time, or differs, 2 when asked wrongly.",
)
@click.argument("clusters", nargs=-1, metavar="[CLUSTER…]")
@click.option("--all", "every", is_flag=True, help="Every cluster in the graph.")
@click.option("--dry-run", is_flag=True, help="Only show what differs, as `kgraph check --deep` does.")
@click.option("--timeout", default=0.0, metavar="SECONDS", help="Wait no longer; it stays asked for. 0: no limit.")
@options.source
@click.option("--snapshot", "snapshots", multiple=True, metavar="PATH", help="A dump in place of a cluster.")
@options.config
@options.neo4j
@options.output(table=True)
@options.common
def command(clusters: tuple[str, ...], output: str, *, every: bool, dry_run: bool, **given: Any) -> None:
    """Bring clusters in the graph to what they are, believing nothing of what the graph says of itself.

    The workers that have them do it; where none does, this command. Nothing that is right is taken away meanwhile.
    History, audit and usage stay.
    """
    import os

    import msgspec

    from kgraph.cli import logs, rebuilding
    from kgraph.cli.answers.printing import print_data
    from kgraph.cli.checking import print_reports
    from kgraph.cli.graphs import Named
    from kgraph.cli.process import interrupts
    from kgraph.cli.sources import Asked
    from kgraph.cli.terminal import answers

    logs.set_up(os.environ, level="error")
    wanted = rebuilding.Wanted(
        clusters=clusters,
        every=every,
        asked=Asked.given(given),
        neo4j=Named.given(given),
        seconds=given["timeout"] or None,
    )
    if dry_run:
        reports = interrupts.run(rebuilding.compare(wanted))
        print_reports(reports, output)
        sys.exit(int(any(report.differences or report.unread for report in reports)))
    done = interrupts.run(rebuilding.rebuild(wanted))
    if output != "table":
        print_data(msgspec.to_builtins(done), output)
    else:
        for one in done:
            answers().print(f"{one.cluster}: rebuilt" + (", but for:" if one.unread else ""))
            for why in one.unread:
                answers().print(f"  {why}", markup=False)
    sys.exit(int(any(one.unread for one in done)))
