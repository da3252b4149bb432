"""`kgraph backup` and `kgraph restore`, set up: which graph, which file; and what they say."""

from collections.abc import Mapping
from pathlib import Path

from kgraph.cli.errors import BadConfiguration
from kgraph.cli.graphs import Named, graph_at_work, opened
from kgraph.cli.sources import configured
from kgraph.graphdb import backup
from kgraph.graphdb.backup import Outcome


async def back_up(config: str, named: Named, file: Path, *, replace: bool) -> Mapping[str, int]:
    """Write the backup; BadConfiguration where the file is there already or cannot be written."""
    _check_free(file, replace=replace)
    async with opened(graph_at_work(named, configured(config))) as store:
        try:
            return await backup.back_up(store, file)
        except OSError as cause:
            raise BadConfiguration(f"writing {file}: {cause.strerror}") from cause


async def restore(config: str, named: Named, file: Path) -> Outcome:
    """Bring a backup into the graph; a file that cannot be used is found out before the graph is asked for anything."""
    backup.verify(file)
    async with opened(graph_at_work(named, configured(config))) as store:
        return await backup.restore(store, file)


def counted(rows: Mapping[str, int]) -> str:
    """How many of what: `12 audit, 3 usage`."""
    return ", ".join(f"{count:,} {name}" for name, count in rows.items())


def _check_free(file: Path, *, replace: bool) -> None:
    if file.exists() and not replace:
        raise BadConfiguration(f"{file} is there already; name another file, or say --replace")
