"""The chart of deploy/ as Helm renders it, and the plain manifests that are made of it.

`python -m tests.chart` writes the manifests anew (part of `make docs`); `make lint` says where they are not current.
"""

import asyncio
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from kgraph.stack.commands import run
from kgraph.stack.helm import helm
from kgraph.stack.progress import shown

DEPLOY = Path(__file__).parents[1] / "deploy"
FOLDER = DEPLOY / "helm" / "dictamesh-k8s-adapter"
MANIFESTS = DEPLOY / "manifests" / "dictamesh-k8s-adapter.yaml"
NAME, NAMESPACE = "dictamesh-k8s-adapter", "dictamesh"
# What a user of plain manifests has to bring: a Neo4j that is called so, and a Secret with its password.
PLAIN: dict[str, Any] = {"neo4j": {"uri": "bolt://neo4j:7687", "existingSecret": "neo4j"}}
# Everything in the cluster itself, to try it; and with all that can be switched on.
TRIAL: dict[str, Any] = {"trial": {"neo4j": True, "kafka": True, "redis": True}}
ALL: dict[str, Any] = {
    **TRIAL,
    "enableMutations": True,
    "autoscaling": {"enabled": True},
    "metrics": {"serviceMonitor": {"enabled": True}},
    "loginSecrets": ["prod-login"],
    "credentialsKey": {"existingSecret": "seal"},
}
HEAD = """\
# Made of the chart in deploy/helm by `make docs`: change that one. For a Neo4j at bolt://neo4j:7687 whose password is
# in the Secret neo4j under the key password, both in the namespace dictamesh. See docs/guides/deploy.md.
apiVersion: v1
kind: Namespace
metadata:
  name: dictamesh
  labels:
    pod-security.kubernetes.io/enforce: restricted
"""


class Chart:
    """The chart."""

    def __init__(self, program: Path) -> None:
        self._helm = program

    async def helm(self, *arguments: str) -> str:
        """What helm says. Raises CommandFailed, with what it said, where it fails."""
        return await run(str(self._helm), *arguments)

    async def text(self, values: dict[str, Any], *options: str, name: str = NAME, namespace: str = NAMESPACE) -> str:
        """The manifests, without those of `helm test` where the options say so."""
        # JSON is YAML; `-f -` is standard input.
        return await run(
            str(self._helm), "template", name, str(FOLDER), "-n", namespace, "-f", "-", *options,
            stdin=json.dumps(values),
        )  # fmt: skip

    async def objects(self, values: dict[str, Any], **where: str) -> "Objects":
        """The objects that it renders to."""
        return Objects(yaml.safe_load_all(await self.text(values, **where)))

    async def manifests(self) -> str:
        """The plain manifests: what the chart gives for PLAIN, without what only Helm can do."""
        text = await self.text(PLAIN, "--skip-tests")
        # Nobody manages these but who applies them.
        return HEAD + text.replace("app.kubernetes.io/managed-by: Helm\n", "app.kubernetes.io/managed-by: kubectl\n")


class Objects:
    """Rendered objects."""

    def __init__(self, found: Iterable[Any]) -> None:
        self.all: list[dict[str, Any]] = [each for each in found if each]

    def of(self, kind: str) -> list[dict[str, Any]]:
        """All of a kind."""
        return [each for each in self.all if each["kind"] == kind]

    def one(self, kind: str, name: str = NAME) -> dict[str, Any]:
        """The object of a kind and name."""
        (found,) = (each for each in self.of(kind) if each["metadata"]["name"] == name)
        return found

    @property
    def configuration(self) -> dict[str, Any]:
        """What clusters.yaml says."""
        (found,) = (each for each in self.of("ConfigMap"))
        return dict(yaml.safe_load(found["data"]["clusters.yaml"]))

    def container(self, component: str) -> dict[str, Any]:
        """The container of the `api` or the `worker`."""
        owner = self.one("Deployment") if component == "api" else self.one("StatefulSet", f"{NAME}-worker")
        (found,) = owner["spec"]["template"]["spec"]["containers"]
        return dict(found)

    def environment(self, component: str) -> dict[str, Any]:
        """Its variables, and where each is from."""
        return {each["name"]: each.get("value", each.get("valueFrom")) for each in self.container(component)["env"]}

    def pod_specs(self) -> dict[str, dict[str, Any]]:
        """The specs of all Pods, by kind and name."""
        found = {}
        for each in self.all:
            spec = each if each["kind"] == "Pod" else each.get("spec", {}).get("template")
            if spec:
                found[f"{each['kind']}/{each['metadata']['name']}"] = spec["spec"]
        return found


async def _manifests() -> str:
    with shown() as report:
        return await Chart(await helm(report)).manifests()


def stale_manifests() -> bool:
    """Whether the plain manifests are not what the chart gives."""
    return not MANIFESTS.is_file() or MANIFESTS.read_text("utf-8") != asyncio.run(_manifests())


if __name__ == "__main__":
    MANIFESTS.parent.mkdir(exist_ok=True)
    MANIFESTS.write_text(asyncio.run(_manifests()), "utf-8")
