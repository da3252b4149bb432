"""Which kinds are synced: the grammar of `watch_resources` (`pods`, `*.cert-manager.io`, `-events`, `+endpoints`)."""

import difflib
from collections.abc import Iterable, Sequence

from kgraph.kube.discovery import ApiResource, DiscoveryFailure
from kgraph.kube.errors import UnknownResources

# They repeat what the EndpointSlices say, and Kubernetes has deprecated them (KEP-4974).
LEFT_OUT = frozenset({("", "endpoints")})
_CORE = "core"  # how the empty group can be written: `*.core`
_SHOWN_NAMES = 12


def select(
    resources: Sequence[ApiResource],
    watch_resources: Iterable[str] = (),
    *,
    failures: Iterable[DiscoveryFailure] = (),
) -> tuple[ApiResource, ...]:
    """The watchable kinds that `watch_resources` names, in discovery's order.

    Names without a sign are the kinds to sync; without any, all but `endpoints` are. Then `+name` takes one in and
    `-name` leaves one out, the later word winning. A name is a plural, singular, short name or kind, with or
    without its group (`deployments.apps`, `deploy`), and without one it is the first kind that has it, as in
    kubectl; `*` is all kinds, `*.group` all of a group, which may be none. UnknownResources names what is not
    there, unless its group is among the `failures`, of which nothing is known now.
    """
    watchable = [resource for resource in resources if resource.watchable]
    words = [word.strip() for word in watch_resources if word.strip()]
    failed = {failure.group for failure in failures}
    unknown: list[str] = []

    def chosen_by(word: str) -> set[ApiResource]:
        found = named(watchable, word)
        if not found and not word.startswith("*") and word.partition(".")[2] not in failed:
            unknown.append(word)
        return found

    plain = [word for word in words if word[0] not in "+-"]
    if plain:
        chosen = set[ApiResource]().union(*map(chosen_by, plain))
    else:
        chosen = {r for r in watchable if (r.group, r.plural) not in LEFT_OUT}
    for word in words:
        if word.startswith("+"):
            chosen |= chosen_by(word[1:])
        elif word.startswith("-"):
            chosen -= chosen_by(word[1:])
    if unknown:
        raise UnknownResources(_complaint(unknown, watchable), tuple(unknown))
    return tuple(resource for resource in watchable if resource in chosen)


def named(resources: Sequence[ApiResource], word: str) -> set[ApiResource]:
    """The kinds that one word means: one at most, unless it is `*` or `*.group`."""
    name, dot, group = word.partition(".")
    group = "" if group == _CORE else group

    def of_group(resource: ApiResource) -> bool:
        return not dot or resource.group == group

    if name == "*":
        return {resource for resource in resources if of_group(resource)}
    wanted = name.lower()
    for resource in resources:  # a plural wins over another kind's short name
        if resource.plural == wanted and of_group(resource):
            return {resource}
    for resource in resources:
        others = (resource.singular, resource.kind.lower(), *resource.short_names)
        if wanted in others and of_group(resource):
            return {resource}
    return set()


def _complaint(unknown: Sequence[str], resources: Sequence[ApiResource]) -> str:
    names = sorted({str(resource) for resource in resources} | {resource.plural for resource in resources})
    parts = []
    for word in unknown:
        near = difflib.get_close_matches(word.lower(), names, n=3)
        parts.append(f"{word!r}" + (f" (perhaps {', '.join(near)})" if near else ""))
    there = ", ".join(str(resource) for resource in resources[:_SHOWN_NAMES])
    more = len(resources) - _SHOWN_NAMES
    return (
        f"watch_resources names what the cluster does not serve to a watch: {', '.join(parts)}; there are {there}"
        + (f" and {more} more (kubectl api-resources --verbs=list,watch)" if more > 0 else "")
    )
