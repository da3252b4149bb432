"""A cluster as the actual side of a drift, read from its apiserver."""

from collections.abc import Iterable, Mapping, Sequence

from kgraph.kube.connection import Connection
from kgraph.kube.discovery import ApiResource, Discovery
from kgraph.kube.drift import Name, State, is_made_by_itself
from kgraph.kube.errors import KubeError
from kgraph.kube.listing import pages
from kgraph.kube.objects import decode
from kgraph.kube.ownership import controller, ownership


class LiveState:
    """The objects of some namespaces, kind by kind: one kind's are in memory at a time."""

    def __init__(self, connection: Connection, found: Discovery, namespaces: Sequence[str]) -> None:
        self._connection = connection
        self._served = {(each.group, each.kind): each for each in reversed(found.resources) if each.listable}
        self._failing = {failure.group: str(failure.error) for failure in found.failures}
        self._namespaces = namespaces
        self._read: tuple[str, str] | None = None
        self._states: dict[Name, State] = {}

    async def objection(self, group: str, kind: str) -> str:
        """Why a kind cannot be read, in the apiserver's words."""
        if group in self._failing:
            return self._failing[group]
        try:
            await self._of(group, kind)
        except KubeError as error:
            return str(error)
        return ""

    async def named(self, names: Sequence[Name]) -> Mapping[Name, State]:
        """Those of these objects that are there."""
        states = await self._of(names[0].group, names[0].kind)
        return {name: states[name] for name in names if name in states}

    async def beside(self, group: str, kind: str, namespaces: Sequence[str]) -> Iterable[Name]:
        """All objects of a kind in these namespaces but those that a controller owns or Kubernetes made by itself."""
        states = await self._of(group, kind)
        return [name for name, state in states.items() if name.namespace in namespaces and _is_somebodys(state)]

    async def _of(self, group: str, kind: str) -> Mapping[Name, State]:
        """All objects of a kind; none of one that the cluster does not serve."""
        if self._read != (group, kind):
            self._read, self._states = None, {}
            if (resource := self._served.get((group, kind))) is not None:
                for namespace in self._namespaces if resource.namespaced else (None,):
                    await self._list(resource, namespace)
            self._read = (group, kind)
        return self._states

    async def _list(self, resource: ApiResource, namespace: str | None) -> None:
        async for page in pages(self._connection, resource, namespace=namespace):
            for raw in page.items:
                value = decode(raw, resource.group, resource.kind, resource.version)
                metadata = value["metadata"]
                name = Name(resource.group, resource.kind, metadata.get("namespace", ""), metadata["name"])
                owned = ownership(value, resource.kind)
                metadata.pop("managedFields", None)
                self._states[name] = State(name, value, owned)


def _is_somebodys(state: State) -> bool:
    name = state.name
    if controller(state.object["metadata"]) is not None:
        return False
    return not is_made_by_itself(name.kind, name.name, str(state.object.get("type", "")))
