"""`kgraph impact`: what breaks if this goes."""

from typing import Any

import rich_click as click

from kgraph.cli import options


@click.command("impact", epilog="Example: kgraph impact secret/database -n shop")
@click.argument("resource", nargs=-1, metavar="KIND/NAME…")
@options.scope
@click.option("-l", "--selector", default="", help="A label selector in place of names: app=web,tier!=test.")
@click.option(
    "--change",
    type=click.Choice(["delete", "fail"], case_sensitive=False),
    default="delete",
    show_default=True,
    help="fail: it is still there and does not work, as a Node that is down.",
)
@click.option("--limit", default=100, show_default=True, metavar="N", help="The most to list.")
@options.output()
@options.api
@options.common
def command(resource: tuple[str, ...], cluster: str, namespace: str, selector: str, **given: Any) -> None:
    """Show what is deleted, broken or degraded when a resource goes, and why."""
    import msgspec

    from kgraph.cli.answers.client import Client
    from kgraph.cli.answers.impact_tree import impact_tree
    from kgraph.cli.answers.printing import print_data
    from kgraph.cli.answers.queries import ImpactAnswer, impact, places, the_cluster
    from kgraph.cli.answers.targets import parse_targets
    from kgraph.cli.terminal import answers

    client = Client(given["api"])
    targets = parse_targets(resource)
    change = given["change"].upper()
    roots = places(client, the_cluster(client, cluster), namespace, targets, selector)
    found = [impact(client, place, change=change, limit=given["limit"]) for place in roots]
    if given["output"] != "tree":
        print_data(found if selector or len(found) > 1 else found[0], given["output"])
        return
    for answer in found:
        answers().print(impact_tree(msgspec.convert(answer, ImpactAnswer)))
