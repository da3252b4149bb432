"""Which clusters a command is about, and why: what the user named, else the current context, else the demo."""

import os
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec

from kgraph.cli.configuration.reading import Configuration, cluster_id, load
from kgraph.cli.errors import BadConfiguration
from kgraph.kube.connection import Connection
from kgraph.kube.errors import KubeError
from kgraph.kube.kubeconfig import choose
from kgraph.kube.settings import AuthMethod, ClusterSettings, kubeconfig_files

# A cluster that is up answers /version in milliseconds, through a VPN in a second: nobody waits longer for a demo.
PROBE_SECONDS = 8.0


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the user named; all empty where they named nothing. Holds no login, so that it may be written down."""

    config: str = ""
    kubeconfig: str = ""
    context: str = ""
    snapshots: tuple[str, ...] = ()

    @classmethod
    def given(cls, options: Mapping[str, Any]) -> "Asked":
        """What click has read of `options.config`, `options.source` and --snapshot."""
        return cls(
            config=options["config"],
            kubeconfig=options["kubeconfig"],
            context=options["context"],
            snapshots=options.get("snapshots", ()),
        )

    def check(self) -> None:
        """BadConfiguration where two of them contradict each other."""
        if bool(self.config) + bool(self.kubeconfig or self.context) + bool(self.snapshots) > 1:
            raise BadConfiguration("--config, --context (with --kubeconfig) and --snapshot exclude each other")


class Source(msgspec.Struct, frozen=True):
    """The clusters, a sentence on which they are and why, and how to ask for just these again."""

    clusters: tuple[ClusterSettings, ...]
    why: str
    again: Asked


async def choose_source(asked: Asked, configuration: Configuration, environ: Mapping[str, str] = os.environ) -> Source:
    """What was named; a named context has to answer. Where nothing was: what answers, or the demo."""
    asked.check()
    if asked.snapshots:
        return from_snapshots(asked.snapshots)
    if configuration.clusters and not (asked.context or asked.kubeconfig):
        names = ", ".join(cluster.id for cluster in configuration.clusters)
        return Source(configuration.clusters, f"Showing the configured clusters: {names}.", _written(asked))
    return await from_kubeconfig(asked, environ)


def from_snapshots(paths: Sequence[str]) -> Source:
    """Snapshots, each a cluster named after its file or folder; `-` is standard input."""
    clusters: dict[str, ClusterSettings] = {}
    for path in paths:
        where = Path(path).expanduser().absolute()
        if path != "-" and not where.exists():
            raise BadConfiguration(f"--snapshot {path}: there is no such file or folder")
        name = "stdin" if path == "-" else cluster_id(where.resolve().name.split(".")[0])
        numbered = (name if number == 1 else f"{name}-{number}" for number in range(1, len(paths) + 1))
        free = next(each for each in numbered if each not in clusters)
        clusters[free] = _snapshot(free, path if path == "-" else str(where))
    listed = ", ".join(f"{cluster.snapshot_path} as {cluster.id}" for cluster in clusters.values())
    again = Asked(snapshots=tuple(cluster.snapshot_path for cluster in clusters.values()))
    return Source(tuple(clusters.values()), f"Showing the snapshot{'s' * (len(clusters) > 1)} {listed}.", again)


async def from_kubeconfig(asked: Asked, environ: Mapping[str, str] = os.environ) -> Source:
    """The context that the user names, which has to answer; else the current one where it answers, else the demo."""
    named = bool(asked.kubeconfig or asked.context)
    try:
        settings = context_settings(asked, environ)
    except KubeError as error:
        if named:
            raise
        return demo(f"Showing the bundled demo: {_brief(error)}.")
    name = settings.kubeconfig_context
    try:
        async with Connection.open(msgspec.structs.replace(settings, timeout=PROBE_SECONDS), environ) as connection:
            await connection.version()
    except KubeError as error:
        if named:
            raise
        return demo(f"Showing the bundled demo: the current context {name} does not answer ({_brief(error)}).")
    again = Asked(kubeconfig=asked.kubeconfig, context=name)
    which = "context" if named else "current context"
    return Source((settings,), f"Showing the cluster of the {which} {name}. It is only read.", again)


def context_settings(asked: Asked, environ: Mapping[str, str] = os.environ) -> ClusterSettings:
    """A context of the kubeconfig, the current one where none is named, as a cluster called after it."""
    unnamed = ClusterSettings(id="kubeconfig", kubeconfig_path=asked.kubeconfig)
    chosen = choose(kubeconfig_files(unnamed, environ), asked.context)
    return ClusterSettings(
        id=cluster_id(chosen.context),
        name=chosen.context,
        kubeconfig_path=asked.kubeconfig,
        kubeconfig_context=chosen.context,
    )


def demo(why: str) -> Source:
    """The dump that comes with the program."""
    return msgspec.structs.replace(from_snapshots([str(demo_folder())]), why=why)


def demo_folder() -> Path:
    """Where the demo's dump is; its name is the cluster's."""
    return Path(str(resources.files("kgraph.cli") / "demo"))


def configured(config: str) -> Configuration:
    """The configuration, its warnings told."""
    from kgraph.cli.terminal import remarks

    configuration = load(config, os.environ)
    for warning in configuration.warnings:
        remarks().print(f"Note: {warning}.", style="yellow")
    return configuration


def _brief(error: KubeError) -> str:
    """The first half of an error's sentence: what the reader can do about it is not asked for here."""
    return str(error).partition(";")[0]


def _written(asked: Asked) -> Asked:
    """How to ask for the configured clusters again: by the file; YAML in an option may hold a login."""
    return Asked(config=str(Path(asked.config).absolute())) if Path(asked.config).is_file() else Asked()


def _snapshot(name: str, path: str) -> ClusterSettings:
    return ClusterSettings(id=name, auth_method=AuthMethod.SNAPSHOT, snapshot_path=path)
