"""A server's data folder, held by one process at a time."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec

from kgraph.stack.errors import DataFolderInUse
from kgraph.stack.locks import Held, locked


class HeldFolder(msgspec.Struct, frozen=True):
    """A data folder, by its absolute path, and the descriptor of the lock on it.

    Servers that work in it get the descriptor too (`Command.held_files`), so that after our death the folder
    is free only when they have ended.
    """

    path: Path
    lock: int


@asynccontextmanager
async def held_folder(folder: Path) -> AsyncIterator[HeldFolder]:
    """Make the folder where it is missing, readable by us alone, and hold it.

    Raises DataFolderInUse while another process holds it.
    """
    path = _made(folder)
    async with AsyncExitStack() as stack:
        try:
            descriptor = await stack.enter_async_context(locked(path / "lock"))
        except Held as held:
            raise DataFolderInUse(path, held.pid) from None
        yield HeldFolder(path, descriptor)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder.absolute()
