"""`kgraph snapshot`, set up: which cluster is dumped where, and what could not be."""

from pathlib import Path

from rich.text import Text

from kgraph.cli.configuration.reading import Configuration
from kgraph.cli.errors import BadConfiguration, CliError
from kgraph.cli.sources import Asked, configured, context_settings
from kgraph.cli.terminal import remarks
from kgraph.kube.connection import Connection
from kgraph.kube.dump import DumpedKind, dump
from kgraph.kube.settings import AuthMethod, ClusterSettings


async def dump_cluster(asked: Asked, cluster: str, folder: Path) -> None:
    """Write the dump; CliError where a part of it is missing, after the rest is written."""
    asked.check()
    settings = live_cluster(asked, configured(asked.config), cluster)
    _ensure_empty(folder)
    console = remarks()
    async with Connection.open(settings) as connection:
        await connection.version()  # a cluster that does not answer is said before a folder is made
        with console.status(f"Reading {settings.name or settings.id} …"):
            kinds = await dump(connection, folder)
    _tell(kinds, folder)


def live_cluster(asked: Asked, configuration: Configuration, cluster: str) -> ClusterSettings:
    """The configured cluster of that id, or the only one; without a configuration, the context."""
    if asked.context or asked.kubeconfig or not configuration.clusters:
        return context_settings(asked)
    known = {each.id: each for each in configuration.clusters if each.auth_method is not AuthMethod.SNAPSHOT}
    if not cluster and len(known) == 1:
        return next(iter(known.values()))
    if cluster not in known:
        raise BadConfiguration(f"which cluster? --cluster is one of {', '.join(known)}")
    return known[cluster]


def _ensure_empty(folder: Path) -> None:
    """A kind that has no object now makes no file: one of an earlier dump would stay and be read as today's."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadConfiguration(f"{folder} is there and not empty: name a new folder")


def _tell(kinds: tuple[DumpedKind, ...], folder: Path) -> None:
    written = [kind for kind in kinds if kind.file]
    remarks().print(f"{sum(kind.objects for kind in written):,} objects of {len(written)} kinds are in")
    remarks().print(f"{folder}", soft_wrap=True)
    failed = [kind for kind in kinds if kind.error]
    for kind in failed:
        remarks().print(Text(f"not dumped: {kind.resource} ({kind.error})", style="yellow"))
    if failed:
        raise CliError(f"the dump is not whole: {len(failed)} kinds could not be read")
    remarks().print(f"Look at it with: kgraph up --snapshot {folder}", soft_wrap=True)
