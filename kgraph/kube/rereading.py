"""What stands in files that others rewrite: tokens, certificates, authorities, kubeconfigs."""

import asyncio
import time
from collections.abc import Callable
from typing import Generic, TypeVar

import structlog

from kgraph.kube.errors import ConfigurationError

# A kubelet renews a mounted token long before it ends; client-go re-reads one each minute as well
# (client-go transport/token_source.go, NewCachedFileTokenSource).
REREAD_SECONDS = 60

T = TypeVar("T")

_log = structlog.get_logger(__name__)


class Reread(Generic[T]):
    """A value that `read` takes from files, not older than a minute.

    As in client-go, what cannot be read any more (a file that is gone, or half written) stays as it was last read;
    ConfigurationError where it never could be read.
    """

    def __init__(self, read: Callable[[], T], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._read = read
        self._clock = clock
        self._value: T | None = None
        self._read_at = 0.0

    async def value(self) -> T:
        """The value as it was read not more than a minute ago."""
        if self._value is None or self._clock() - self._read_at >= REREAD_SECONDS:
            return await self.again()
        return self._value

    async def again(self) -> T:
        """The value as it is now."""
        try:
            self._value = await asyncio.to_thread(self._read)
        except ConfigurationError as error:
            if self._value is None:
                raise
            _log.warning("a file of a login cannot be read again; what it said is kept", why=str(error))
        self._read_at = self._clock()
        return self._value
