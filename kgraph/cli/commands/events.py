"""`kgraph events`: what changes, as it does."""

from typing import Any

import rich_click as click

from kgraph.cli import options
from kgraph.feed.event import Severity


@click.command(
    "events",
    epilog="Examples: kgraph events pods -n shop · kgraph events deploy/web -n shop --initial-state · "
    "kgraph events --min-severity warning -o json",
)
@click.argument("types", nargs=-1, metavar="TYPE…")
@click.option("--cluster", "clusters", multiple=True, metavar="ID", help="Only of this cluster; may be repeated.")
@click.option("-n", "--namespace", "namespaces", multiple=True, metavar="NAME", help="Only in it; may be repeated.")
@click.option("-l", "--selector", default="", help="With these labels, before the change or after: app=web.")
@click.option("--field-selector", default="", help="With these fields, likewise: status.phase=Failed.")
@click.option(
    "--min-severity",
    type=click.Choice([each.value for each in Severity], case_sensitive=False),
    default=Severity.INFO.value,
    show_default=True,
    help="So bad, or worse.",
)
@click.option("--initial-state", is_flag=True, help="Begin with what is there, as `kubectl get --watch` does.")
@click.option(
    "-o",
    "--output",
    type=click.Choice(["table", "wide", "json"]),
    default="table",
    show_default=True,
    help="wide: all that changed, in full; json: each event on a line, as Kafka has it.",
)
@options.api
@options.common
def command(types: tuple[str, ...], output: str, **given: Any) -> None:
    """Follow what changes, in all clusters that you may see, until Ctrl-C.

    TYPE is a kind as kubectl takes it, `*.GROUP`, or one resource: pods, deploy, *.cert-manager.io, deploy/web. An
    interrupted stream is taken up again where it was.
    """
    from kgraph.cli.answers.client import Client
    from kgraph.cli.answers.event_printing import EventPrinter
    from kgraph.cli.answers.event_stream import Follower, query
    from kgraph.cli.terminal import remarks

    asked = query(types, **given)
    follower = Follower(
        Client(given["api"]), asked, initial=given["initial_state"], remark=lambda words: remarks().print(words)
    )
    printer = EventPrinter(output, cluster=len(given["clusters"]) != 1)
    for told in follower.follow():
        printer.print(told)
