"""A seeded storm over a few namespaces: few names, so that things meet, dangle, are recreated and deleted whole."""

import asyncio
import os
import random
import ssl
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Self

import httpx

from tests.servers import Cluster

# How long a storm lasts where a test does not say it in steps: KGRAPH_STORM_SECONDS makes it a long one.
STORM_SECONDS = float(os.environ.get("KGRAPH_STORM_SECONDS", "8"))
AT_ONCE = 4  # steps under way at a time, so that some cross each other
REFUSED_PAUSE_SECONDS = 0.2

NAMES = ("a", "b", "c")
LABELS = ({"app": "web"}, {"app": "web", "tier": "front"}, {"app": "db"}, {"app": "web", "tier": "back"})
FINALIZER = "chaos.kgraph.dev/hold"
GROUP = "chaos.kgraph.dev"
DEFINITION = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": f"widgets.{GROUP}"},
    "spec": {
        "group": GROUP,
        "scope": "Namespaced",
        "names": {"kind": "Widget", "plural": "widgets", "singular": "widget"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            }
        ],
    },
}
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
# Where each kind that the storm touches is served.
KINDS: Mapping[str, tuple[str, str]] = {
    "ConfigMap": ("/api/v1", "configmaps"),
    "Secret": ("/api/v1", "secrets"),
    "Service": ("/api/v1", "services"),
    "Pod": ("/api/v1", "pods"),
    "PersistentVolumeClaim": ("/api/v1", "persistentvolumeclaims"),
    "ServiceAccount": ("/api/v1", "serviceaccounts"),
    "Deployment": ("/apis/apps/v1", "deployments"),
    "Job": ("/apis/batch/v1", "jobs"),
    "NetworkPolicy": ("/apis/networking.k8s.io/v1", "networkpolicies"),
    "Ingress": ("/apis/networking.k8s.io/v1", "ingresses"),
    "PodDisruptionBudget": ("/apis/policy/v1", "poddisruptionbudgets"),
    "HorizontalPodAutoscaler": ("/apis/autoscaling/v2", "horizontalpodautoscalers"),
    "RoleBinding": ("/apis/rbac.authorization.k8s.io/v1", "rolebindings"),
    "Widget": (f"/apis/{GROUP}/v1", "widgets"),
}


class Storm:
    """What happens to the namespaces `<name>-0`, `<name>-1`, …; the same seed gives the same steps."""

    def __init__(self, client: httpx.AsyncClient, name: str, seed: int, namespaces: int = 3) -> None:
        self.done = 0
        self._ended = False
        self.namespaces = [f"{name}-{number}" for number in range(namespaces)]
        self._client = client
        self._dice = random.Random(seed)

    @classmethod
    @asynccontextmanager
    async def over(cls, cluster: Cluster, name: str, seed: int) -> AsyncIterator[Self]:
        """A storm over a cluster, with its definition there; its namespaces go in the end, which is not waited for."""
        async with httpx.AsyncClient(
            base_url=cluster.server,
            headers={"authorization": f"Bearer {cluster.admin_token}"},
            verify=ssl.create_default_context(cafile=cluster.ca_file),
            timeout=20,
            trust_env=False,
        ) as client:
            storm = cls(client, name, seed)
            await storm.send("POST", DEFINITIONS, DEFINITION)
            for namespace in storm.namespaces:
                await storm.make_namespace(namespace)
            try:
                yield storm
            finally:
                for namespace in storm.namespaces:
                    await storm.release(namespace)
                    await storm.send("DELETE", f"/api/v1/namespaces/{namespace}")

    async def rage(
        self, *, seconds: float = STORM_SECONDS, steps: int | None = None, per_second: float | None = None
    ) -> None:
        """Let it rage for so long, or for so many steps; with `per_second` no faster than that."""
        began_at, before = time.monotonic(), self.done
        ends_at = began_at + seconds
        until_done = None if steps is None else self.done + steps

        async def blow() -> None:
            while not self._ended and (
                (self.done < until_done) if until_done is not None else (time.monotonic() < ends_at)
            ):
                self.done += 1
                if per_second is not None:
                    await asyncio.sleep(began_at + (self.done - before) / per_second - time.monotonic())
                await self.step()

        async with asyncio.TaskGroup() as tasks:
            for number in range(AT_ONCE):
                tasks.create_task(blow(), name=f"storm {number}")

    def end(self) -> None:
        """Let it end, whatever it was told."""
        self._ended = True

    async def step(self) -> None:
        """One thing happens."""
        dice = self._dice
        namespace, kind, name = dice.choice(self.namespaces), dice.choice(list(KINDS)), dice.choice(NAMES)
        chance = dice.random()
        if chance < 0.45:
            await self.put(kind, namespace, name)
        elif chance < 0.60:
            await self.merge(kind, namespace, name, {"metadata": {"labels": {"tier": None, **dice.choice(LABELS)}}})
        elif chance < 0.70:
            await self.merge("Deployment", namespace, name, {"spec": {"replicas": dice.randrange(4)}})
        elif chance < 0.78:
            await self.delete(kind, namespace, name)
        elif chance < 0.88:
            await self.delete(kind, namespace, name)
            await self.put(kind, namespace, name)
        elif chance < 0.92:
            await self.merge(kind, namespace, name, {"metadata": {"finalizers": [FINALIZER]}})
        elif chance < 0.97:
            await self.merge(kind, namespace, name, {"metadata": {"finalizers": None}})
        elif chance < 0.98:
            await self.release(namespace)
            await self.send("DELETE", f"/api/v1/namespaces/{namespace}")
        else:
            await self.make_namespace(namespace)

    async def put(self, kind: str, namespace: str, name: str) -> None:
        """Create an object, or change the one that is there."""
        root, plural = KINDS[kind]
        made = self._made(kind, namespace, name)
        answer = await self.send("POST", f"{root}/namespaces/{namespace}/{plural}", made)
        if answer == httpx.codes.CONFLICT:
            await self.merge(kind, namespace, name, made)

    async def merge(self, kind: str, namespace: str, name: str, change: Mapping[str, Any]) -> None:
        """Change some of an object."""
        root, plural = KINDS[kind]
        await self.send("PATCH", f"{root}/namespaces/{namespace}/{plural}/{name}", change)

    async def delete(self, kind: str, namespace: str, name: str) -> None:
        """Ask for an object's deletion, in one of the ways in which its dependents may go."""
        root, plural = KINDS[kind]
        policy = self._dice.choice(("Background", "Foreground", "Orphan"))
        body = {"propagationPolicy": policy, "gracePeriodSeconds": 0}
        await self.send("DELETE", f"{root}/namespaces/{namespace}/{plural}/{name}", body)

    async def make_namespace(self, namespace: str) -> None:
        """Create a namespace, which fails while an earlier one of that name goes."""
        labels = self._dice.choice(LABELS)
        await self.send("POST", "/api/v1/namespaces", {"metadata": {"name": namespace, "labels": labels}})

    async def is_open(self, namespace: str) -> bool:
        """Whether a namespace is there, and not about to go."""
        try:
            answer = await self._client.get(f"/api/v1/namespaces/{namespace}")
        except httpx.HTTPError:
            return False
        return answer.status_code == httpx.codes.OK and answer.json()["status"].get("phase") == "Active"

    async def release(self, namespace: str) -> None:
        """Take away the finalizers that the storm has put, so that a namespace can go."""
        for kind in KINDS:
            for name in NAMES:
                await self.merge(kind, namespace, name, {"metadata": {"finalizers": None}})

    async def send(self, method: str, path: str, body: Any = None) -> int:
        """One request; a cluster that refuses, or is away, is part of the storm. The answer's status, or 0."""
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        try:
            answer = await self._client.request(method, path, json=body, headers={"content-type": kind})
        except httpx.HTTPError:
            await asyncio.sleep(REFUSED_PAUSE_SECONDS)
            return 0
        return answer.status_code

    def _made(self, kind: str, namespace: str, name: str) -> dict[str, Any]:
        dice = self._dice
        labels = dice.choice(LABELS)
        metadata: dict[str, Any] = {"name": name, "labels": labels}
        selector = {"matchLabels": dice.choice(LABELS)}
        other = dice.choice(NAMES)
        match kind:
            case "ConfigMap":
                return {"metadata": metadata, "data": {"key": str(dice.random())}}
            case "Secret":
                return {"metadata": metadata, "stringData": {"key": str(dice.random())}}
            case "Service":
                return {"metadata": metadata, "spec": {"selector": dice.choice(LABELS), "ports": [{"port": 80}]}}
            case "Pod":
                return {"metadata": metadata, "spec": self._pod(dice.choice(NAMES))}
            case "PersistentVolumeClaim":
                resources = {"requests": {"storage": "1Gi"}}
                return {"metadata": metadata, "spec": {"accessModes": ["ReadWriteOnce"], "resources": resources}}
            case "ServiceAccount":
                return {"metadata": metadata, "imagePullSecrets": [{"name": other}]}
            case "Deployment":
                template = {"metadata": {"labels": {"run": name, **labels}}, "spec": self._pod(other)}
                spec = {"replicas": dice.randrange(4), "selector": {"matchLabels": {"run": name}}, "template": template}
                return {"metadata": metadata, "spec": spec}
            case "Job":
                return {
                    "metadata": metadata,
                    "spec": {"template": {"spec": {**self._pod(other), "restartPolicy": "Never"}}},
                }
            case "NetworkPolicy":
                peers = [{"namespaceSelector": {"matchLabels": dice.choice(LABELS)}, "podSelector": selector}]
                return {"metadata": metadata, "spec": {"podSelector": selector, "ingress": [{"from": peers}]}}
            case "Ingress":
                backend = {"service": {"name": other, "port": {"number": 80}}}
                path = {"path": "/", "pathType": "Prefix", "backend": backend}
                host = f"{dice.choice(NAMES)}.example.com"
                return {"metadata": metadata, "spec": {"rules": [{"host": host, "http": {"paths": [path]}}]}}
            case "PodDisruptionBudget":
                return {"metadata": metadata, "spec": {"minAvailable": 1, "selector": selector}}
            case "HorizontalPodAutoscaler":
                target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": other}
                return {"metadata": metadata, "spec": {"maxReplicas": 3, "scaleTargetRef": target}}
            case "RoleBinding":
                role = {"apiGroup": "rbac.authorization.k8s.io", "kind": dice.choice(("Role", "ClusterRole"))}
                subjects = [
                    {"kind": "ServiceAccount", "name": other, "namespace": namespace},
                    {"kind": "User", "name": other, "apiGroup": "rbac.authorization.k8s.io"},
                ]
                return {"metadata": metadata, "roleRef": {**role, "name": "view"}, "subjects": subjects}
        owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": other, "uid": "00000000-0000-0000-0000-000000000000"}
        owners: Sequence[dict[str, Any]] = [owner] if dice.random() < 0.2 else []
        return {
            "apiVersion": f"{GROUP}/v1",
            "kind": "Widget",
            "metadata": {**metadata, "ownerReferences": owners},
            "spec": {"secretName": other},
        }

    def _pod(self, other: str) -> dict[str, Any]:
        dice = self._dice
        container: dict[str, Any] = {"name": "c", "image": dice.choice(("nginx", "nginx:1.27", "redis:7", "app:1"))}
        spec: dict[str, Any] = {"containers": [container], "terminationGracePeriodSeconds": 0}
        if dice.random() < 0.5:
            container["envFrom"] = [{"configMapRef": {"name": other, "optional": dice.random() < 0.5}}]
        if dice.random() < 0.3:
            spec["volumes"] = [{"name": "v", "secret": {"secretName": other}}]
        if dice.random() < 0.2:
            claim = {"name": "p", "persistentVolumeClaim": {"claimName": other}}
            spec["volumes"] = [*spec.get("volumes", ()), claim]
        return spec
