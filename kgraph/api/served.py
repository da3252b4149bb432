"""What the clusters serve, asked of themselves: what is changed need not be in the graph."""

import difflib
import re
import time
from collections.abc import Sequence

import msgspec

from kgraph.api.connections import Connections
from kgraph.api.errors import BadUserInput
from kgraph.kube.discovery import ApiResource, Discovery, discover
from kgraph.kube.selection import named

# A CRD that was removed is believed for so long; one that is new is found at once, for a miss asks again.
FRESH_SECONDS = 60.0
# ... unless the cluster was asked so lately: whoever misspells does not cost it two requests each time.
ASKED_SECONDS = 2.0


# More than Kubernetes forbids in a name, which is a part of an address: what would lead elsewhere.
_LEADS_ELSEWHERE = re.compile(r"[/%?#\\\s\x00-\x1f]")
_NAME_CHARACTERS = 253
# A version is a part of the address too, and is asked for as it is written.
_VERSION = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


class Target(msgspec.Struct, frozen=True):
    """One object of a cluster, whether it is there or not; no `namespace` where its kind has none."""

    cluster: str
    resource: ApiResource
    namespace: str
    name: str

    @classmethod
    def of(cls, cluster: str, resource: ApiResource, namespace: str, name: str) -> "Target":
        """The object with this name; BadUserInput where it is no name."""
        for field, text in (("name", name), ("namespace", namespace)):
            if field == "namespace" and not resource.namespaced:
                continue
            if not text or text in (".", "..") or len(text) > _NAME_CHARACTERS or _LEADS_ELSEWHERE.search(text):
                raise BadUserInput(f"{field} {text!r} is no {field} of Kubernetes")
        return cls(cluster, resource, namespace if resource.namespaced else "", name)

    @property
    def is_secret(self) -> bool:
        """Whether its values appear nowhere."""
        return (self.resource.group, self.resource.kind) == ("", "Secret")


class Served:
    """Knows what each cluster serves, as it was a moment ago."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._found: dict[str, tuple[float, Discovery]] = {}

    async def spelled(self, cluster: str, spelling: str) -> ApiResource:
        """The kind that kubectl would understand; BadUserInput says what comes near."""
        word = spelling.strip()
        found = None if "*" in word else await self._first(cluster, word)
        if found is None:
            near = difflib.get_close_matches(word.lower(), [str(each) for each in await self._of(cluster)], n=3)
            raise BadUserInput(
                f"cluster {cluster} serves no resource type {spelling!r}"
                + (
                    f"; did you mean {', '.join(near)}?"
                    if near
                    else "; write what kubectl accepts: po, deployments.apps"
                )
            )
        return found

    async def written(self, cluster: str, api_version: str, kind: str) -> ApiResource:
        """The kind of a manifest, in the version that it is written in; BadUserInput where it is not served."""
        group, _, version = api_version.rpartition("/")
        for again in (False, True) if _VERSION.fullmatch(version) else ():
            for each in await self._of(cluster, again=again):
                if (each.group, each.kind) == (group, kind):
                    return msgspec.structs.replace(each, version=version)
        raise BadUserInput(f"cluster {cluster} serves no {kind} of {api_version}; `kubectl api-resources` lists all")

    async def _first(self, cluster: str, word: str) -> ApiResource | None:
        for again in (False, True):
            for found in named(await self._of(cluster, again=again), word):
                return found
        return None

    async def _of(self, cluster: str, *, again: bool = False) -> Sequence[ApiResource]:
        asked_at, found = self._found.get(cluster, (float("-inf"), Discovery(())))
        if time.monotonic() - asked_at > (ASKED_SECONDS if again else FRESH_SECONDS):
            found = await discover(await self._connections.of(cluster))
            self._found[cluster] = (time.monotonic(), found)
        return found.resources
