"""What breaks, as a tree: the worst first, each with how many are left and why."""

from rich.text import Text
from rich.tree import Tree

from kgraph.cli.answers import Affected, Arc, ImpactAnswer
from kgraph.cli.names import short_name
from kgraph.cli.trees import label, title

_EFFECTS = (("DELETED", "deleted", "red"), ("BROKEN", "broken", "red"), ("DEGRADED", "degraded", "yellow"))
_CHANGES = {"DELETE": "is deleted", "FAIL": "fails"}


def impact_tree(answer: ImpactAnswer) -> Tree:
    """One tree: the cause, and a branch for each effect."""
    head = Text("When ")
    head.append(title(answer.root))
    head.append(" is not there" if answer.root.missing else f" {_CHANGES.get(answer.change, answer.change)}")
    tree = Tree(head, guide_style="dim")
    for effect, words, colour in _EFFECTS:
        count = {"DELETED": answer.deleted, "BROKEN": answer.broken, "DEGRADED": answer.degraded}[effect]
        if not count:
            continue
        listed = [one for one in answer.affected if one.effect == effect]
        branch = tree.add(Text(f"{effect} ", style=f"bold {colour}").append(f"{count}", style=colour))
        for one in listed:
            leaf = branch.add(_line(one, answer.root.namespace))
            if len(one.path) > 1:
                leaf.add(Text(_why(one.path), style="dim"))
        if len(listed) < count:
            branch.add(Text(f"… {count - len(listed)} more are {words}: raise --limit", style="dim"))
    if not tree.children:
        tree.add(Text("nothing else is affected", style="green"))
    if not answer.complete:
        tree.add(Text("… there is so much that not all of it was followed", style="yellow"))
    return tree


def _line(one: Affected, beside: str | None) -> Text:
    text = label(one.resource, beside)
    if one.left is not None and one.of is not None:
        text.append(f"  {one.left} of {one.of} left", style="bold")
    if len(one.path) == 1:
        text.append(f"  {one.path[0].type}", style="dim")
    return text


def _why(path: tuple[Arc, ...]) -> str:
    """The chain from the cause on: `Secret/db ← USES_SECRET ← ReplicaSet/api-7 ← …`."""
    first = path[0]
    keys = [first.source, first.target]
    near = first.target if len(path) == 1 or path[1].source in keys or path[1].target in keys else first.source
    # The cause is the end of the first edge that the second one does not share.
    if len(path) > 1:
        shared = {path[1].source, path[1].target}
        near = first.source if first.target in shared and first.source not in shared else first.target
    words = [short_name(near)]
    for arc in path:
        against = arc.target == near
        near = arc.source if against else arc.target
        words.append(f"{'←' if against else '→'} {arc.type} {short_name(near)}")
    return " ".join(words)
