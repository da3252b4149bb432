"""`kgraph history`: what changed."""

from typing import Any

import rich_click as click

from kgraph.cli import options


@click.command(
    "history",
    epilog="Examples: kgraph history deploy/web -n shop · kgraph history svc/web -n shop --around --since 30m",
)
@click.argument("resource", metavar="KIND/NAME")
@options.scope
@click.option("--around", is_flag=True, help="What changed near it, too: the first question of an incident.")
@click.option("--depth", default=2, show_default=True, metavar="N", help="With --around: how many edges away.")
@click.option("--since", default="1h", show_default=True, metavar="TIME", help="With --around: since when, or 2026-…Z.")
@click.option("--limit", default=50, show_default=True, metavar="N", help="With --around: the most changes.")
@options.output()
@options.api
@options.common
def command(resource: str, cluster: str, namespace: str, **given: Any) -> None:
    """Show what changed of a resource: when, which fields, by whom; of a deleted one, too."""
    from datetime import UTC, datetime

    import msgspec

    from kgraph.cli.answers.client import Client
    from kgraph.cli.answers.history import Recent, Story, recent, recent_lines, stories, story_lines
    from kgraph.cli.answers.printing import print_data
    from kgraph.cli.answers.queries import Place, the_cluster
    from kgraph.cli.answers.targets import parse_target
    from kgraph.cli.terminal import answers, remarks

    client = Client(given["api"])
    target = parse_target(resource)
    place = Place(the_cluster(client, cluster), namespace or None, target.resource_type, target.name)
    now = datetime.now(UTC)
    if not given["around"]:
        told = stories(client, place)
        if given["output"] != "tree":
            print_data(told, given["output"])
        else:
            answers().print(story_lines(msgspec.convert(told, list[Story]), now))
        return
    found = recent(client, place, depth=given["depth"], since=given["since"], first=given["limit"])
    if given["output"] != "tree":
        print_data(found, given["output"])
        return
    items = msgspec.convert(found["items"], list[Recent])
    if items:
        answers().print(recent_lines(items, place.namespace, now))
    else:
        answers().print(f"nothing changed since {given['since']} within {given['depth']} edges of {target}")
    if found["truncated"]:
        remarks().print("There is more: raise --limit, or ask for less --depth or --since.")
