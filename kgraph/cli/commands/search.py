"""`kgraph search`: resources by words and filters."""

import rich_click as click

from kgraph.cli import options

COLUMNS = ("NAMESPACE", "KIND", "NAME", "CLUSTER", "HEALTH", "STATUS", "AGE", "MATCHED")


@click.command("search", epilog="Example: kgraph search 'kind:pod ns:shop image:nginx health:degraded'")
@click.argument("text", nargs=-1, required=True, metavar="TEXT…")
@click.option("--cluster", "clusters", multiple=True, metavar="ID", help="Only in this cluster; may be repeated.")
@click.option("--limit", default=50, show_default=True, metavar="N", help="The most hits.")
@options.output(table=True)
@options.api
@options.common
def command(text: tuple[str, ...], clusters: tuple[str, ...], limit: int, output: str, api: str) -> None:
    """Find resources by name, image, label and annotation.

    Filters: kind:, ns:, cluster:, image:, l: (a label), health:, name:. A comma means either, - in front means not.
    """
    from kgraph.cli.answers.client import Client
    from kgraph.cli.answers.hits import ask_search, row
    from kgraph.cli.answers.printing import print_data
    from kgraph.cli.answers.tables import print_table
    from kgraph.cli.terminal import remarks

    found = ask_search(Client(api), " ".join(text), clusters=clusters, most=limit)
    if output != "table":
        print_data(found, output)
        return
    if not found:
        remarks().print("Nothing was found.")
        return
    print_table(COLUMNS, [row(hit) for hit in found], more=False)
    if len(found) == limit:
        remarks().print(f"There may be more than these {limit}: raise --limit, or add filters.")
