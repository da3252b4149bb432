"""What the tests of mutations share: a client as the operator and as users with certain rights, and the mutations."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Self

from kgraph.api.settings import TokenReviewSettings
from kgraph.graphdb.store import Store
from tests.client import Client, asking
from tests.integration.sync.live import Api
from tests.servers import Cluster
from tests.workers import cluster_settings

CLUSTER = "changed"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
APPLY = """mutation ($manifest: JSON!, $force: Boolean! = false, $dryRun: Boolean! = false, $wait: Boolean! = false,
    $manager: String! = "dictamesh", $key: String) {
  applyResource(cluster: "changed", manifest: $manifest, force: $force, dryRun: $dryRun, waitForGraph: $wait,
    fieldManager: $manager, idempotencyKey: $key) { key uid labels manifest }
}"""
PATCH = """mutation ($ns: String!, $type: String!, $name: String!, $patch: JSON!, $as: PatchType!,
    $version: String! = "", $dryRun: Boolean! = false, $key: String) {
  patchResource(cluster: "changed", namespace: $ns, resourceType: $type, name: $name, patch: $patch, type: $as,
    resourceVersion: $version, dryRun: $dryRun, idempotencyKey: $key) { key manifest }
}"""
DELETE = """mutation ($ns: String!, $type: String!, $name: String!, $policy: PropagationPolicy,
    $dryRun: Boolean! = false, $version: String! = "", $wait: Boolean! = false, $key: String) {
  deleteResource(cluster: "changed", namespace: $ns, resourceType: $type, name: $name, propagationPolicy: $policy,
    dryRun: $dryRun, resourceVersion: $version, waitForGraph: $wait, idempotencyKey: $key)
}"""
SCALE = """mutation ($ns: String!, $name: String!, $replicas: Int!, $dryRun: Boolean! = false) {
  scaleDeployment(cluster: "changed", namespace: $ns, name: $name, replicas: $replicas, dryRun: $dryRun) {
    key manifest
  }
}"""
RESTART = """mutation ($ns: String!, $name: String!, $type: String! = "deployments.apps") {
  rolloutRestart(cluster: "changed", namespace: $ns, name: $name, resourceType: $type) { key manifest }
}"""
TRAIL = """query ($filter: AuditFilter) { auditTrail(filter: $filter) { truncated items {
  user groups authentication actingAs mutation cluster key kind namespace name verb subresource fields detail dryRun
  decision reason outcome code message before after traceId
} } }"""


class Changing:
    """One namespace of a real cluster, and clients of the API over it."""

    def __init__(self, client: Client, api: Api, namespace: str, tokens: Mapping[str, str]) -> None:
        self.client = client  # the operator's, where nobody is authenticated; else nobody's
        self.api = api
        self.namespace = namespace
        self._tokens = tokens

    @classmethod
    @asynccontextmanager
    async def over(
        cls, store: Store, cluster: Cluster, namespace: str, *, users: bool = True, **settings: Any
    ) -> AsyncIterator[Self]:
        """With `users` callers are authenticated by the cluster; else whoever asks is as the administrator."""
        reviews = (TokenReviewSettings(CLUSTER),) if users else ()
        clusters = [cluster_settings(cluster, CLUSTER)]
        tokens = {user: cluster.token_of(user) for user in ("alice", "bob", "carol")}
        tokens["admin"] = cluster.admin_token
        in_the_graph = "MERGE (c:Cluster {key: 'cluster:' + $id}) SET c.id = $id"
        await store.run_alone(in_the_graph, {"id": CLUSTER}, what="the cluster is in the graph")
        async with (
            Api(cluster) as api,
            asking(store, clusters, token_reviews=reviews, mutations=True, **settings) as client,
        ):
            yield cls(client, api, namespace, tokens)

    def by(self, user: str) -> Client:
        """The API as this user asks it."""
        return self.client.by(self._tokens[user])

    async def allow(self, user: str, *rules: tuple[str, str, str]) -> None:
        """Let a user do something in the namespace: API group, resources and verbs, each with spaces between."""
        name = f"{user}-{secrets.token_hex(4)}"
        await self.api.make(
            f"{RBAC}/namespaces/{self.namespace}/roles",
            metadata={"name": name},
            rules=[
                {"apiGroups": [group], "resources": resources.split(), "verbs": verbs.split()}
                for group, resources, verbs in rules
            ],
        )
        await self.api.make(
            f"{RBAC}/namespaces/{self.namespace}/rolebindings",
            metadata={"name": name},
            roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
            subjects=[{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}],
        )
        # The authorizer reads roles by a watch of its own.
        for group, resources, verbs in rules:
            for verb in verbs.split():
                await self._until_allowed(user, group, resources.split()[0], verb)

    async def _until_allowed(self, user: str, group: str, resource: str, verb: str) -> None:
        attributes: dict[str, Any] = {"namespace": self.namespace, "verb": verb, "group": group}
        attributes["resource"], _, attributes["subresource"] = resource.partition("/")
        async with asyncio.timeout(30):
            while True:
                review = await self.api.make(
                    "/apis/authorization.k8s.io/v1/subjectaccessreviews",
                    apiVersion="authorization.k8s.io/v1",
                    kind="SubjectAccessReview",
                    spec={"user": user, "resourceAttributes": attributes},
                )
                if review["status"]["allowed"]:
                    return

    async def trail(self, **conditions: Any) -> list[Mapping[str, Any]]:
        """The audit's entries of this namespace, the first of them first, as the administrator sees them."""
        found = await self.by("admin").ask(TRAIL, filter={"namespaces": [self.namespace], **conditions})
        return list(reversed(found["auditTrail"]["items"]))

    def config(self, name: str, **data: str) -> dict[str, Any]:
        """A ConfigMap's manifest."""
        return {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": name, "namespace": self.namespace},
            "data": data,
        }

    def path(self, plural: str, name: str = "", group: str = "") -> str:
        """Where objects of the namespace are."""
        start = f"/apis/{group}/v1" if group else "/api/v1"
        return f"{start}/namespaces/{self.namespace}/{plural}" + (f"/{name}" if name else "")

    async def deployment(self, name: str, replicas: int = 1, **pod: Any) -> dict[str, Any]:
        """Make a Deployment whose Pods have the fields `pod`."""
        labels = {"app": name}
        container = {"name": "c", "image": "nginx", **pod.pop("container", {})}
        return await self.api.make(
            self.path("deployments", group="apps"),
            metadata={"name": name},
            spec={
                "replicas": replicas,
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": {"containers": [container], **pod}},
            },
        )
