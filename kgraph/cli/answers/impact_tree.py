"""What breaks, as a tree: the worst first, each with how many are left and why."""

import msgspec
from rich.text import Text
from rich.tree import Tree

from kgraph.cli.answers.names import short_name
from kgraph.cli.answers.queries import Affected, Arc, ImpactAnswer
from kgraph.cli.answers.trees import label, title, trouble

_EFFECTS = (("DELETED", "red"), ("BROKEN", "red"), ("DEGRADED", "yellow"))
_CHANGES = {"DELETE": "is deleted", "FAIL": "fails"}


def impact_tree(answer: ImpactAnswer) -> Tree:
    """One tree: the cause, and a branch for each effect."""
    head = Text("When ").append(title(msgspec.structs.replace(answer.root, missing=False, health=None)))
    head.append(" is not there" if answer.root.missing else f" {_CHANGES.get(answer.change, answer.change)}")
    tree = Tree(head, guide_style="dim")
    counts = {"DELETED": answer.deleted, "BROKEN": answer.broken, "DEGRADED": answer.degraded}
    for effect, colour in _EFFECTS:
        if not counts[effect]:
            continue
        listed = [one for one in answer.affected if one.effect == effect]
        branch = tree.add(Text(f"{effect} {counts[effect]}", style=f"bold {colour}"))
        for one in listed:
            leaf = branch.add(_line(one, answer.root.namespace))
            if len(one.path) > 1:
                leaf.add(Text(_why(answer.root.key, one.path), style="dim"))
        if len(listed) < counts[effect]:
            branch.add(Text(f"… {counts[effect] - len(listed)} more: raise --limit", style="yellow"))
    if not tree.children:
        tree.add(Text("nothing else is affected", style="green"))
    if not answer.complete:
        tree.add(Text("… there is so much that not all of it was followed", style="yellow"))
    return tree


def _line(one: Affected, beside: str | None) -> Text:
    text = label(one.resource, beside)
    text.append(trouble(one.before, "already "))
    if one.left is not None and one.of is not None:
        text.append(f"  {one.left} of {one.of} left", style="bold")
    if len(one.path) == 1:
        text.append(f"  {one.path[0].type}", style="dim")
    return text


def _why(cause: str, path: tuple[Arc, ...]) -> str:
    """The chain between the cause and the affected: `← USES_SECRET Pod/api-7 → OWNED_BY`, both ends left out."""
    words: list[str] = []
    near = cause
    for arc in path:
        against = arc.target == near
        near = arc.source if against else arc.target
        words += ["←" if against else "→", arc.type, short_name(near)]
    return " ".join(words[:-1])
