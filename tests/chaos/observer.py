"""The storm as the cluster tells it: watches of the test's own, which note each change that they are delivered."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Self

import httpx
import msgspec

from tests.chaos.ledger import Seen
from tests.chaos.states import state_of
from tests.chaos.storm import KINDS
from tests.servers import Cluster

# An apiserver that is being restarted is asked again so soon.
AGAIN_SECONDS = 0.2


class Lost(Exception):
    """The apiserver no longer knows what came after our version (410)."""


class Observer:
    """Watches the storm's kinds in its namespaces.

    Where the apiserver has forgotten what came since, it lists again, and has not seen the changes between.
    """

    def __init__(self, client: httpx.AsyncClient, cluster: str, namespaces: Sequence[str]) -> None:
        self.seen: list[Seen] = []
        self._client = client
        self._cluster = cluster
        self._namespaces = frozenset(namespaces)
        self._states: dict[str, Mapping[str, bytes]] = {}

    @classmethod
    @asynccontextmanager
    async def of(cls, cluster: Cluster, name: str, namespaces: Sequence[str]) -> AsyncIterator[Self]:
        """One that watches when the block begins; `name` is the cluster's id in keys."""
        async with httpx.AsyncClient(
            base_url=cluster.server,
            headers={"authorization": f"Bearer {cluster.admin_token}"},
            verify=ssl.create_default_context(cafile=cluster.ca_file),
            timeout=httpx.Timeout(20, read=None),
            trust_env=False,
        ) as client:
            observer = cls(client, name, namespaces)
            versions = {kind: await observer._list(kind) for kind in KINDS}
            watching = [
                asyncio.create_task(observer._follow(kind, version), name=f"observe {kind}")
                for kind, version in versions.items()
            ]
            try:
                yield observer
            finally:
                for task in watching:
                    task.cancel()
                await asyncio.wait(watching)
            for task in watching:
                assert task.cancelled(), task.exception()

    async def there(self) -> dict[str, bytes]:
        """The state of each object of the storm now, by a list."""
        for kind in KINDS:
            await self._list(kind)
        return {key: state for states in self._states.values() for key, state in states.items()}

    def watches(self, key: str) -> bool:
        """Whether a resource is of the storm's kinds and namespaces."""
        _, group, kind, namespace, _ = key.split("/")
        return namespace in self._namespaces and kind in KINDS and (_group(kind) or "core") == group

    async def _follow(self, kind: str, version: str) -> None:
        while True:
            try:
                async for event in self._watch(kind, version):
                    version = event["object"]["metadata"]["resourceVersion"]
                    self._note(kind, event["type"], event["object"])
            except Lost:
                version = await self._list(kind)
            except httpx.HTTPError:
                await asyncio.sleep(AGAIN_SECONDS)

    async def _watch(self, kind: str, version: str) -> AsyncIterator[Any]:
        root, plural = KINDS[kind]
        params = {"watch": "1", "allowWatchBookmarks": "true", "resourceVersion": version}
        async with self._client.stream("GET", f"{root}/{plural}", params=params) as answer:
            if answer.status_code == httpx.codes.GONE:
                raise Lost
            answer.raise_for_status()
            async for line in answer.aiter_lines():
                event = msgspec.json.decode(line)
                if event["type"] == "ERROR":
                    if event["object"].get("code") == httpx.codes.GONE:
                        raise Lost
                    raise httpx.RemoteProtocolError(str(event["object"]))
                yield event

    async def _list(self, kind: str) -> str:
        """The version as of which the states are known; an apiserver, or a kind, that is not ready yet is awaited."""
        root, plural = KINDS[kind]
        while True:
            try:
                answer = (await self._client.get(f"{root}/{plural}", timeout=20)).raise_for_status().json()
            except httpx.HTTPError:
                await asyncio.sleep(AGAIN_SECONDS)
            else:
                break
        self._states[kind] = {
            self._key(kind, obj): self._state(kind, obj)
            for obj in answer["items"]
            if obj["metadata"]["namespace"] in self._namespaces
        }
        return str(answer["metadata"]["resourceVersion"])

    def _note(self, kind: str, type_: str, obj: dict[str, Any]) -> None:
        if type_ == "BOOKMARK" or obj["metadata"]["namespace"] not in self._namespaces:
            return
        key, states = self._key(kind, obj), dict(self._states[kind])
        if type_ == "DELETED":
            before, now = states.pop(key, None), None
        else:
            before, now = states.get(key), self._state(kind, obj)
            states[key] = now
        self._states[kind] = states
        if before != now or now is None:
            uid, version = obj["metadata"]["uid"], int(obj["metadata"]["resourceVersion"])
            self.seen.append(Seen(key, uid, version, now is None, time.monotonic()))

    def _key(self, kind: str, obj: Mapping[str, Any]) -> str:
        metadata = obj["metadata"]
        return f"{self._cluster}/{_group(kind) or 'core'}/{kind}/{metadata['namespace']}/{metadata['name']}"

    def _state(self, kind: str, obj: Mapping[str, Any]) -> bytes:
        return state_of(obj, _group(kind), KINDS[kind][0].rpartition("/")[2], kind)


def _group(kind: str) -> str:
    """The group of one of the storm's kinds: of `/apis/apps/v1`, `apps`."""
    parts = KINDS[kind][0].split("/")
    return parts[2] if parts[1] == "apis" else ""
