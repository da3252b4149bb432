"""A comparison as people read it: the fields, then the dependencies."""

from typing import Any

from rich.text import Text

from kgraph.cli.answers.client import Client
from kgraph.cli.answers.drift_report import value_line
from kgraph.cli.answers.queries import Place, hinted
from kgraph.cli.terminal import answers, remarks

_COMPARE = """
query Compare($a: ResourceRef!, $b: ResourceRef!, $everything: Boolean!) {
  compare(a: $a, b: $b, everything: $everything) {
    a { key } b { key }
    fields { path a b }
    dependencies { type name detail a { key } b { key } content { path a b } }
    truncated
  }
}"""


def ask_compare(client: Client, a: Place, b: Place, *, everything: bool) -> dict[str, Any]:
    """The answer of `compare` as it came."""
    with hinted(client, a, b):
        answer: dict[str, Any] = client.ask(_COMPARE, a=a.variables, b=b.variables, everything=everything)["compare"]
    return answer


def print_comparison(answer: dict[str, Any]) -> None:
    """Print both keys, and a line for each difference."""
    console = answers()
    console.print(Text(f"a {answer['a']['key']}", style="bold"))
    console.print(Text(f"b {answer['b']['key']}", style="bold"))
    if answer["fields"]:
        console.print(Text("fields", style="bold cyan"))
    for field in answer["fields"]:
        console.print(value_line(field["path"], field["a"], field["b"]))
    if answer["dependencies"]:
        console.print(Text("dependencies", style="bold cyan"))
    for one in answer["dependencies"]:
        line = Text(f"    {one['type']} ", style="dim").append(Text(one["name"], style="none"))
        console.print(line.append(f": {one['detail']}", style="yellow"))
        for field in one["content"]:
            console.print(Text("    ").append(value_line(field["path"], field["a"], field["b"])))
    if not answer["fields"] and not answer["dependencies"]:
        console.print(Text("no difference", style="green"))
    if answer["truncated"]:
        remarks().print("There is more than this: the two have little in common.", style="yellow")
