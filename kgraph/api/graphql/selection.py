"""Which fields a caller selected below a field, so that nothing is fetched that nobody reads."""

from graphql import FieldNode, FragmentSpreadNode, InlineFragmentNode

from kgraph.api.graphql.context import Info


def selected(info: Info) -> frozenset[str]:
    """The paths of all fields below this one: `nodes`, `nodes.labels`. Directives are taken for granted.

    They are looked for once for a field of an operation, however many objects have it.
    """
    raw = info._raw_info  # noqa: SLF001 - Strawberry's own `selected_fields` copies the whole tree
    at = tuple(id(node) for node in raw.field_nodes)
    known = info.context.selections.get(at)
    if known is not None:
        return known[1]
    found: set[str] = set()
    seen: set[tuple[str, str]] = set()
    left = [(field.selection_set, "") for field in raw.field_nodes]
    while left:
        selections, path = left.pop()
        for node in selections.selections if selections else ():
            match node:
                case FieldNode():
                    name = f"{path}{node.name.value}"
                    found.add(name)
                    left.append((node.selection_set, f"{name}."))
                case InlineFragmentNode():
                    left.append((node.selection_set, path))
                case FragmentSpreadNode():
                    visit = (path, node.name.value)
                    if visit not in seen:
                        seen.add(visit)
                        left.append((raw.fragments[node.name.value].selection_set, path))
    below = frozenset(found)
    info.context.selections[at] = (raw.field_nodes, below)  # the nodes with it: their ids are theirs while they live
    return below
