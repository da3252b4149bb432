"""Which Namespaces are marked as having personal data, so that what is told of their resources says so too."""

import asyncio
from collections.abc import Mapping

from kgraph.graphdb.model import NAMESPACE, PII_LABEL, GroupKind
from kgraph.sync.kind_state import KindState
from kgraph.sync.selector_index import SelectorIndex

# How long what a first list names is not told before the Namespaces are listed, which come before most others.
WAIT_SECONDS = 30.0


class NamespaceMarks:
    """Knows the marks of one cluster's Namespaces, once these are listed."""

    def __init__(self, index: SelectorIndex) -> None:
        self._index = index
        self._known = asyncio.Event()

    def look(self, kinds: Mapping[GroupKind, KindState]) -> None:
        """See whether the Namespaces are listed; where they are not synced, or cannot be listed, nobody waits."""
        namespaces = kinds.get(NAMESPACE)
        if namespaces is None or namespaces.listed or namespaces.error:
            self._known.set()

    async def known(self, kind: GroupKind) -> None:
        """Wait, before a kind's first list is told, until the marks are known, and no longer than for a while.

        Those who wait may have the place that the list of Namespaces waits for, where it has to begin again.
        """
        if kind == NAMESPACE or self._known.is_set():
            return
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._known.wait()
        except TimeoutError:
            self._known.set()

    def is_pii(self, namespace: str) -> bool:
        """Whether a Namespace has the mark."""
        return PII_LABEL in self._index.namespace_labels(namespace)
