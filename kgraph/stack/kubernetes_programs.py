"""The programs of the control plane, built from source into the cache."""

from pathlib import Path

import msgspec

from kgraph.stack.gobuild import GoModule, build
from kgraph.stack.progress import Report

VERSION = "1.37.2"
_MAJOR, _MINOR, _PATCH = VERSION.split(".")
_VERSION_PACKAGE = "k8s.io/component-base/version"

KUBERNETES = GoModule(
    name="kubernetes",
    version=VERSION,
    source="k8s.io/kubernetes",
    packages=tuple(
        f"k8s.io/kubernetes/cmd/{name}"
        for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl")
    ),
    # Without them every client is told that this is v0.0.0, and some then do without what they need.
    variables={
        f"{_VERSION_PACKAGE}.gitVersion": f"v{VERSION}",
        f"{_VERSION_PACKAGE}.gitMajor": _MAJOR,
        f"{_VERSION_PACKAGE}.gitMinor": _MINOR,
    },
)
ETCD = GoModule(
    name="etcd",
    version="3.7.3",
    source="go.etcd.io/etcd/server/v3",
    packages=("go.etcd.io/etcd/server/v3",),
)
KWOK = GoModule(
    name="kwok",
    version="0.8.0",
    source="sigs.k8s.io/kwok",
    packages=("sigs.k8s.io/kwok/cmd/kwok",),
    files=("kustomize/stage/*/*/*.yaml", "kustomize/metrics/*/*.yaml"),
)
METRICS_SERVER = GoModule(
    name="metrics-server",
    version="0.9.0",
    source="sigs.k8s.io/metrics-server",
    packages=("sigs.k8s.io/metrics-server/cmd/metrics-server",),
)

# What kwok does: nodes become and stay ready, Pods run and end, claims of the class kwok-volume are bound.
STAGES = ("node/fast", "node/heartbeat-with-lease", "pod/fast", "volume/fast")
# What kwok says that nodes and containers use, as kubelets do: what the Pods' annotations say.
METRICS = ("resource/metrics-resource.yaml", "usage/usage-from-annotation.yaml")


class Programs(msgspec.Struct, frozen=True):
    """Where the built programs are."""

    kubernetes: Path
    etcd: Path
    kwok: Path
    metrics_server: Path

    @property
    def stage_files(self) -> tuple[Path, ...]:
        """The files that tell kwok how nodes, Pods and volumes live."""
        folders = (self.kwok.parent / "kustomize" / "stage" / name for name in STAGES)
        return tuple(
            file
            for folder in folders
            for file in sorted(folder.glob("*.yaml"))
            if file.name not in {"kustomization.yaml", "storage-class.yaml"}  # not stages
        )

    @property
    def usage_files(self) -> tuple[Path, ...]:
        """The files that tell kwok what to say of the use of nodes and Pods."""
        return tuple(self.kwok.parent / "kustomize" / "metrics" / name for name in METRICS)

    @property
    def storage_class_file(self) -> Path:
        """The manifest of the storage class whose claims kwok binds."""
        return self.kwok.parent / "kustomize" / "stage" / "volume" / "fast" / "storage-class.yaml"


async def programs(report: Report) -> Programs:
    """All programs; what is missing is built, which takes minutes. Raises as `gobuild.build` does."""
    kubernetes = await build(KUBERNETES, report)
    etcd = await build(ETCD, report)
    kwok = await build(KWOK, report)
    metrics_server = await build(METRICS_SERVER, report)
    return Programs(kubernetes, etcd / "server", kwok / "kwok", metrics_server / "metrics-server")
