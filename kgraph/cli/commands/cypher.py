"""`kgraph cypher`: a Cypher query of one's own, read-only."""

from typing import Any

import rich_click as click

from kgraph.cli import options

_QUERY = """
query Cypher($query: String!, $params: JSON) {
  cypher(query: $query, params: $params) { columns rows truncated }
}"""


@click.command("cypher", epilog="Example: kgraph cypher 'MATCH (m:Missing)<-[e]-(r) RETURN r.key, type(e), m.key'")
@click.argument("query", metavar="QUERY")
@click.option(
    "-p", "--param", "params", multiple=True, metavar="NAME=VALUE", help="A parameter; the value as JSON, else text."
)
@options.output(table=True)
@options.api
@options.common
def command(query: str, params: tuple[str, ...], output: str, api: str) -> None:
    """Ask the graph in Cypher; `-` reads the query from standard input. Nothing can be written."""
    import sys

    from kgraph.cli.answers.client import Client
    from kgraph.cli.answers.printing import print_data
    from kgraph.cli.answers.tables import print_table

    text = sys.stdin.read() if query == "-" else query
    answer = Client(api).ask(_QUERY, query=text, params=_parameters(params))["cypher"]
    if output != "table":
        print_data(answer, output)
        return
    print_table(answer["columns"], answer["rows"], more=bool(answer.get("truncated")))


def _parameters(given: tuple[str, ...]) -> dict[str, Any]:
    import msgspec

    found: dict[str, Any] = {}
    for pair in given:
        name, equals, value = pair.partition("=")
        if not name or not equals:
            raise click.BadParameter(f"{pair!r}: write NAME=VALUE", param_hint="--param")
        try:
            found[name] = msgspec.json.decode(value)
        except msgspec.DecodeError:
            found[name] = value
    return found
