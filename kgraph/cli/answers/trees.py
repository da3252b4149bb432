"""Answers as trees: what a resource needs, and what needs it. Narrow terminals are the measure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from rich.text import Text
from rich.tree import Tree

from kgraph.cli.answers.queries import Arc, Item, Omission, Part

_HEALTH_STYLES = {"DEGRADED": "bold red", "UNKNOWN": "bold magenta", "PROGRESSING": "yellow", "SUSPENDED": "blue"}


def graph_tree(root: Item, needs: Part | None, needed_by: Part | None) -> Tree:
    """One tree with a branch for each way that was asked."""
    tree = Tree(title(root), guide_style="dim")
    if root.rollup:
        _explain(tree, root.rollup.health, root.rollup.reason)
    else:
        _explain(tree, root.health, root.health_reason)
    ways = (("needs", needs, True), ("needed by", needed_by, False))
    for words, part, outward in ways:
        if part is None:
            continue
        branch = tree.add(Text(words, style="bold"))
        _grow(branch, part, outward=outward)
        if not branch.children:
            branch.add(Text("nothing", style="dim"))
        if part.truncated:
            branch.add(Text("… there is more: raise --limit, or ask for less --depth", style="yellow"))
    return tree


def title(item: Item) -> Text:
    """A root's line: kind, namespace and name, and its cluster."""
    text = Text(f"{item.kind} ", style="bold cyan")
    text.append(f"{item.namespace}/{item.name}" if item.namespace else item.name, style="bold")
    if item.cluster:
        text.append(f" in {item.cluster}", style="dim")
    if item.missing:
        text.append("  not there", style="bold red")
        return text
    return text.append(trouble(item.rollup.health if item.rollup else item.health))


def trouble(health: str | None, before: str = "") -> Text:
    """A health as one coloured word, after the words `before`; nothing where all is well or nothing is known."""
    style = _HEALTH_STYLES.get(health or "")
    return Text(f"  {before}{health}", style=style) if style else Text()


def label(item: Item, beside: str | None) -> Text:
    """A node's name; its namespace only where it is not `beside`."""
    text = Text(f"{item.kind} ", style="cyan")
    name = f"{item.namespace}/{item.name}" if item.namespace and item.namespace != beside else item.name
    text.append(name)
    if item.missing:
        text.append("  not there", style="bold red")
    return text


def _grow(branch: Tree, part: Part, *, outward: bool) -> None:
    """Hang every node on the first that leads to it; where it is met again, it is named and not opened."""
    items = {item.key: item for item in part.nodes}
    steps: dict[str, dict[str, list[Arc]]] = defaultdict(lambda: defaultdict(list))
    for arc in part.edges:
        near, far = (arc.source, arc.target) if outward else (arc.target, arc.source)
        if near != far and far in items:
            steps[near][far].append(arc)
    omitted: dict[str, list[Omission]] = defaultdict(list)
    for omission in part.omitted:
        omitted[omission.key].append(omission)
    home = _homes(part.root.key, steps)
    events = _hide_events(steps, items)
    open_ends = [(branch, part.root.key)]
    while open_ends:
        tree, key = open_ends.pop(0)
        for far in sorted(steps[key], key=lambda far: _order(steps[key][far], items[far])):
            if far == part.root.key:
                continue
            line = _line(steps[key][far], items[far], items[key].namespace if key in items else None)
            if home[far] != key:
                line.append(" ↑", style="dim")
                tree.add(line)
                continue
            leaf = tree.add(line)
            _explain(leaf, items[far].health, items[far].health_reason)
            open_ends.append((leaf, far))
        if events[key]:
            tree.add(Text(f"{events[key]} event{'s' * (events[key] > 1)}", style="dim"))
        for omission in omitted[key]:
            tree.add(Text(f"… {omission.count} by {omission.type}, not followed", style="dim"))


def _explain(tree: Tree, health: str | None, reason: str | None) -> None:
    """Say why something is not well, on a line of its own: reasons are long and terminals are not."""
    if reason and health in _HEALTH_STYLES:
        tree.add(Text(reason, style="dim"))


def _hide_events(steps: dict[str, dict[str, list[Arc]]], items: Mapping[str, Item]) -> dict[str, int]:
    """Take Events out, and count them by what they are about: there are many, and their names say nothing."""
    counts: dict[str, int] = defaultdict(int)
    for near, far_ends in steps.items():
        for far in [each for each in far_ends if items[each].kind == "Event"]:
            del far_ends[far]
            counts[near] += 1
    return counts


def _homes(root: str, steps: Mapping[str, Mapping[str, list[Arc]]]) -> dict[str, str]:
    """The node below which each node is opened: the nearest to the root, then the first by key."""
    home = {root: ""}
    level = [root]
    while level:
        following: list[str] = []
        for near in level:
            for far in sorted(steps.get(near, ())):
                if far not in home:
                    home[far] = near
                    following.append(far)
        level = sorted(following)
    return home


def _order(arcs: list[Arc], item: Item) -> tuple[str, str, str]:
    return min(arc.type for arc in arcs), item.kind, item.key


def _line(arcs: Iterable[Arc], item: Item, beside: str | None) -> Text:
    arcs = list(arcs)
    text = label(item, beside)
    if not item.missing:
        text.append(trouble(item.health))
    text.append("  " + " ".join(sorted({arc.type for arc in arcs})), style="dim")
    if all(arc.optional for arc in arcs):
        text.append(" optional", style="dim italic")
    return text
