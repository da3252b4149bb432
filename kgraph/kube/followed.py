"""Kubeconfig files that are rewritten while we run: another login, another authority.

Tools that log people in, and those that renew client certificates, write into the kubeconfig itself. kubectl reads it
at each start; a worker runs for weeks. The context stays the one that was chosen at first, whatever becomes the
current one, and so does the server's address: another address may be another cluster.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import structlog

from kgraph.kube.credentials import Credentials, Login
from kgraph.kube.kubeconfig import Chosen, choose
from kgraph.kube.rereading import Reread

_log = structlog.get_logger(__name__)

Stamp = tuple[tuple[int, int, int], ...]


class FollowedKubeconfig:
    """A context's cluster and user, and the login of the user, made anew whenever the files say something else.

    `credentials_of` makes it. `chosen` is what the files said last, as far as it made sense. ConfigurationError where
    the files do not make sense at first.
    """

    def __init__(
        self,
        files: Sequence[Path],
        context: str,
        credentials_of: Callable[[Chosen], Credentials],
    ) -> None:
        self._files = files
        self._credentials_of = credentials_of
        self._stamp = _stamp(files)
        self.chosen = choose(files, context)
        self._credentials = credentials_of(self.chosen)
        self._current = Reread(self._read)

    async def login(self) -> Login:
        """The login as the files have it, or as they say where it is to be had."""
        return await (await self._current.value()).login()

    async def renew(self, refused: Login) -> bool:
        """Read the files again, and say whether there is another login than the refused one."""
        return await (await self._current.again()).renew(refused)

    def _read(self) -> Credentials:
        stamp = _stamp(self._files)
        if stamp != self._stamp:
            chosen = choose(self._files, self.chosen.context)
            if chosen != self.chosen:
                made = self._credentials_of(chosen)
                _log.info("the kubeconfig says something else now", context=chosen.context)
                self.chosen, self._credentials = chosen, made
            self._stamp = stamp
        return self._credentials


def _stamp(files: Sequence[Path]) -> Stamp:
    """What differs where a file is another than it was: a kubeconfig of a hundred clusters takes long to parse."""
    found = []
    for file in files:
        try:
            status = file.stat()
        except OSError:
            continue
        found.append((status.st_ino, status.st_mtime_ns, status.st_size))
    return tuple(found)
