"""A path as lines: each edge with the way it points, each node below the one before."""

from rich.text import Text

from kgraph.cli.answers.queries import PathAnswer
from kgraph.cli.answers.trees import label, title

_WORDS = {
    "OUT": "the first depends on the last",
    "IN": "the last depends on the first",
    "BOTH": "connected, though neither depends on the other",
}


def path_lines(answer: PathAnswer) -> Text:
    """All lines; an arrow to the right leads to what is depended on."""
    first = answer.nodes[0]
    lines = [title(first)]
    for before, item, arc in zip(answer.nodes, answer.nodes[1:], answer.edges, strict=False):
        arrow = "→" if arc.source == before.key else "←"
        line = Text(f"  {arrow} {arc.type} ", style="dim")
        lines.append(line.append(label(item, first.namespace)))
    lines.append(Text(_WORDS.get(answer.direction, ""), style="dim"))
    return Text("\n").join(lines)
