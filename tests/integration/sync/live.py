"""What the tests on a real cluster share: objects, logins, and the graph as sets."""

import asyncio
import ssl
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

import httpx

from kgraph.graphdb.store import Store
from kgraph.kube.settings import AuthMethod, ClusterSettings, TlsSettings
from tests.servers import Cluster

ATTEMPTS = 100
REFUSED_PAUSE_SECONDS = 0.1


class Api:
    """The apiserver as the administrator asks it, with one connection for many requests."""

    def __init__(self, cluster: Cluster) -> None:
        self._client = httpx.AsyncClient(
            base_url=cluster.server,
            headers={"authorization": f"Bearer {cluster.admin_token}"},
            verify=ssl.create_default_context(cafile=cluster.ca_file),
            timeout=30,
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def make(self, path: str, **body: Any) -> dict[str, Any]:
        """Create an object; Pods wait for their namespace's service account, names for their last bearer's end."""
        for _ in range(ATTEMPTS):
            answer = await self._client.post(path, json=body)
            if answer.status_code not in (403, 409):
                break
            await asyncio.sleep(REFUSED_PAUSE_SECONDS)
        assert answer.is_success, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def make_of(self, path: str, text: str) -> None:
        """Create an object of JSON that Python itself could neither write nor read."""
        answer = await self._client.post(path, content=text, headers={"content-type": "application/json"})
        assert answer.is_success, answer.text

    async def merge(self, path: str, **change: Any) -> dict[str, Any]:
        """Change some of an object."""
        headers = {"content-type": "application/merge-patch+json"}
        answer = await self._client.patch(path, json=change, headers=headers)
        assert answer.is_success, answer.text
        changed: dict[str, Any] = answer.json()
        return changed

    async def delete(self, path: str, **options: Any) -> None:
        """Delete an object at once, if it is there."""
        body = {"gracePeriodSeconds": 0, **options}
        answer = await self._client.request("DELETE", path, json=body)
        assert answer.is_success or answer.status_code == 404, answer.text

    async def get(self, path: str) -> dict[str, Any] | None:
        """An object, or None."""
        answer = await self._client.get(path)
        return answer.json() if answer.is_success else None


def core(namespace: str, plural: str, name: str = "") -> str:
    """Where core's objects are: `/api/v1/namespaces/shop/pods/web`."""
    return f"/api/v1/namespaces/{namespace}/{plural}" + (f"/{name}" if name else "")


def pod(name: str, *, image: str = "nginx", **more: Any) -> dict[str, Any]:
    """A Pod of one container."""
    metadata = {"name": name, **more.pop("metadata", {})}
    return {"metadata": metadata, "spec": {"containers": [{"name": "c", "image": image}], **more}}


def login(
    cluster: Cluster, name: str, *, token: str = "", server: str = "", ca_file: Path | None = None, timeout: float = 30
) -> ClusterSettings:
    """A cluster under an id of the test's own, by another token or through another address."""
    return ClusterSettings(
        id=name,
        auth_method=AuthMethod.TOKEN,
        service_account_token=token or cluster.admin_token,
        api_server_url=server or cluster.server,
        tls_config=TlsSettings(ca_file=str(ca_file or cluster.ca_file)),
        qps=0,
        timeout=timeout,
    )


async def edges(store: Store, cluster: str, *types: str) -> set[tuple[str, str, str]]:
    """A cluster's edges of these types as (start, type, end), keys without the cluster's id."""
    found = await store.read_text(
        "MATCH (s:Resource)-[r]->(e) WHERE s.cluster = $cluster AND type(r) IN $types "
        "RETURN s.key AS start, type(r) AS type, e.key AS end",
        {"cluster": cluster, "types": list(types)},
    )
    return {(_short(row["start"]), row["type"], _short(row["end"])) for row in found}


async def nodes(store: Store, cluster: str, kind: str) -> dict[str, list[str]]:
    """A cluster's nodes of a kind, placeholders included: names and labels."""
    found = await store.read_text(
        "MATCH (n:Resource) WHERE n.cluster = $cluster AND n.kind = $kind RETURN n.name AS name, labels(n) AS labels",
        {"cluster": cluster, "kind": kind},
    )
    return {row["name"]: sorted(row["labels"]) for row in found}


async def kind_errors(store: Store, cluster: str) -> dict[str, str]:
    """What the kinds' own nodes say is wrong, by plural."""
    found = await store.read_text(
        "MATCH (k:SyncedKind {cluster: $cluster}) WHERE k.error IS NOT NULL "
        "RETURN k.plural AS plural, k.error AS error",
        {"cluster": cluster},
    )
    return {row["plural"]: row["error"] for row in found}


def files_with(folder: Path, markers: Iterable[bytes]) -> list[str]:
    """The files of a folder that hold one of some texts, in UTF-8 or in the two bytes a letter of some stores."""
    wanted = [form for marker in markers for form in (marker, marker.decode().encode("utf-16-be"))]
    found = []
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            content = file.read_bytes()
            found += [str(file) for form in wanted if form in content]
    return found


def _short(key: str) -> str:
    return key.split("/", 1)[1] if "/" in key and ":" not in key.split("/", 1)[0] else key
