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
from tests.servers import Cluster

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
}


class _Downloaded(msgspec.Struct, rename="pascal"):
    dir: str


@asynccontextmanager
async def installed(cluster: Cluster, *projects: str) -> AsyncIterator[None]:
    """The definitions of these projects, served; at the block's end they and their objects go."""
    arguments = [
        argument for name in projects for file in await files(PROJECTS[name]) for argument in ("-f", str(file))
    ]
    await cluster.kubectl("apply", "--server-side", *arguments)
    try:
        await cluster.kubectl("wait", "--for=condition=Established", "--timeout=60s", *arguments)
        yield
    finally:
        await cluster.kubectl("delete", "--ignore-not-found", "--timeout=60s", *arguments)


async def files(project: Project) -> list[Path]:
    """The files with a project's definitions; its module is fetched where it is missing."""
    folder = HERE
    if project.module:
        downloaded = await run("go", "mod", "download", "-json", project.module, cwd=HERE)
        folder = Path(msgspec.json.decode(downloaded, type=_Downloaded).dir)
    found = sorted({file for pattern in project.files for file in folder.glob(pattern)})
    assert found, f"{project.module} has no {project.files}"
    return found
