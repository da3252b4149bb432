"""Callers of the API who may do what is in some namespaces."""

from collections.abc import Sequence

from tests.bench.bench import Bench
from tests.bench.dataset import CLUSTER

RBAC = "/apis/rbac.authorization.k8s.io/v1"
# What an API has in its configuration that lets them in.
AUTHENTICATION = f"authentication: {{token_review: [{{cluster: {CLUSTER}}}]}}"


async def account(bench: Bench, name: str, namespaces: Sequence[str]) -> str:
    """A service account that may edit these namespaces, Secrets and all; its token."""
    home = f"/api/v1/namespaces/{namespaces[0]}/serviceaccounts"
    await bench.plane.request("POST", home, {"metadata": {"name": name}})
    subject = {"kind": "ServiceAccount", "name": name, "namespace": namespaces[0]}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin"}
    for namespace in namespaces:
        body = {"metadata": {"name": name}, "subjects": [subject], "roleRef": role}
        await bench.plane.request("POST", f"{RBAC}/namespaces/{namespace}/rolebindings", body)
    answer = await bench.plane.request("POST", f"{home}/{name}/token", {"spec": {"expirationSeconds": 7200}})
    return str(answer["status"]["token"])
