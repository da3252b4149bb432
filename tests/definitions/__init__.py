"""The custom resource definitions of other projects, as these publish them: from their Go modules, by hash.

`go.mod` beside this file names the modules. To add a project, require its module (`go get`, then `go mod download`
for go.sum) and give it a row of PROJECTS.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from kgraph.stack.commands import run
from kgraph.stack.errors import CommandFailed
from tests.servers import Cluster
from tests.workers import until

HERE = Path(__file__).parent


class Project(NamedTuple):
    """Where a project's definitions are: a Go module ("" for this folder) and patterns of files in it."""

    module: str
    files: tuple[str, ...]


PROJECTS: Mapping[str, Project] = {
    "gateway-api": Project(
        "sigs.k8s.io/gateway-api",
        (
            "config/crd/experimental/gateway.networking.k8s.io_[!v]*.yaml",  # but its admission policy, `vap_…`
            "config/crd/experimental/gateway.networking.x-k8s.io_xbackendtrafficpolicies.yaml",
        ),
    ),
    "envoy-gateway": Project(
        "github.com/envoyproxy/gateway",
        ("charts/gateway-helm/charts/crds/crds/generated/gateway.envoyproxy.io_backendtrafficpolicies.yaml",),
    ),
    "openshift": Project("github.com/openshift/api", ("route/v1/zz_generated.crd-manifests/routes.crd.yaml",)),
    "istio": Project("istio.io/api", ("kubernetes/customresourcedefinitions.gen.yaml",)),
    "linkerd": Project("", ("linkerd.yaml",)),
    "snapshots": Project(
        "github.com/kubernetes-csi/external-snapshotter/client/v8",
        ("config/crd/snapshot.storage.k8s.io_*.yaml",),
    ),
    "argo-cd": Project("github.com/argoproj/argo-cd/v3", ("manifests/crds/app*-crd.yaml",)),
    "argo-rollouts": Project("github.com/argoproj/argo-rollouts", ("manifests/crds/*-crd.yaml",)),
    "cert-manager": Project("github.com/cert-manager/cert-manager", ("deploy/crds/*.yaml",)),
    "external-secrets": Project(
        "github.com/external-secrets/external-secrets", ("config/crds/bases/external-secrets.io_*.yaml",)
    ),
    "flux-helm": Project("github.com/fluxcd/helm-controller", ("config/crd/bases/*.yaml",)),
    "flux-kustomize": Project("github.com/fluxcd/kustomize-controller", ("config/crd/bases/*.yaml",)),
    "flux-sources": Project("github.com/fluxcd/source-controller", ("config/crd/bases/*.yaml",)),
    "jobset": Project("sigs.k8s.io/jobset", ("config/components/crd/bases/*.yaml",)),
    "keda": Project("github.com/kedacore/keda/v2", ("config/crd/bases/keda.sh_*.yaml",)),
    "olm": Project("github.com/operator-framework/api", ("crds/*.yaml",)),
    "prometheus": Project(
        "github.com/prometheus-operator/prometheus-operator", ("example/prometheus-operator-crd/*.yaml",)
    ),
    "sealed-secrets": Project("github.com/bitnami-labs/sealed-secrets", ("helm/sealed-secrets/crds/*.yaml",)),
    "vertical-pod-autoscaler": Project("k8s.io/autoscaler/vertical-pod-autoscaler", ("deploy/vpa-v1-crd-gen.yaml",)),
}


class _Downloaded(msgspec.Struct, rename="pascal"):
    dir: str


@asynccontextmanager
async def installed(cluster: Cluster, *projects: str) -> AsyncIterator[None]:
    """The definitions of these projects, served and discovered; at the block's end they and their objects go."""
    arguments = [
        argument for name in projects for file in await files(PROJECTS[name]) for argument in ("-f", str(file))
    ]
    applied = await cluster.kubectl("apply", "--server-side", "--output=name", *arguments)
    names = {line.partition("/")[2] for line in applied.split()}

    async def discovered() -> bool:
        # Some seconds after a definition is established, when there are many.
        return names <= set((await cluster.kubectl("api-resources", "--output=name")).split())

    async def served() -> bool:
        # One that is deleted before its storage is ready is gone minutes later: the apiserver looks again after twice
        # as long each time.
        try:
            await cluster.kubectl("get", ",".join(sorted(names)), "--all-namespaces", "--output=name")
        except CommandFailed:
            return False
        return True

    try:
        await cluster.kubectl("wait", "--for=condition=Established", "--timeout=60s", *arguments)
        await until(discovered, "the kinds are discovered")
        await until(served, "the kinds are served")
        yield
    finally:
        await cluster.kubectl("delete", "--ignore-not-found", "--timeout=300s", *arguments)


async def files(project: Project) -> list[Path]:
    """The files with a project's definitions; its module is fetched where it is missing."""
    folder = HERE
    if project.module:
        downloaded = await run("go", "mod", "download", "-json", project.module, cwd=HERE)
        folder = Path(msgspec.json.decode(downloaded, type=_Downloaded).dir)
    found = sorted({file for pattern in project.files for file in folder.glob(pattern)})
    assert found, f"{project.module} has no {project.files}"
    return found
