"""Persisted queries: a document is sent once, and afterwards by its hash, as Apollo's clients do it.

A request has `extensions: {persistedQuery: {version: 1, sha256Hash: …}}`. With a hash that is known it needs no
`query`; one that is not is answered by the error PersistedQueryNotFound, and the client sends both. Nothing is lost
when a process starts anew or there are several: the client just sends the document again.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from kgraph.api.errors import BadUserInput

# The documents of many clients: a page's are some hundred, of a few thousand characters each.
CHARACTERS_MOST = 4_000_000
NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"  # the protocol's words, here and below
NOT_FOUND_MESSAGE = "PersistedQueryNotFound"
_VERSION = 1


class PersistedQueryNotFound(Exception):
    """A hash whose document is not known, or not any more."""


class PersistedQueries:
    """Documents by their hash; those that nobody asked for the longest go first."""

    def __init__(self, characters: int = CHARACTERS_MOST) -> None:
        self._most = self._room = characters
        self._documents: OrderedDict[str, str] = OrderedDict()

    def __len__(self) -> int:
        return len(self._documents)

    def document(self, query: str | None, extensions: Mapping[str, Any] | None) -> str | None:
        """The document that a request means; it is kept if the request names its hash.

        PersistedQueryNotFound where only a hash is given, and it is unknown; BadUserInput where it is another's.
        """
        asked = (extensions or {}).get("persistedQuery")
        if asked is None:
            return query
        if not isinstance(asked, dict) or asked.get("version") != _VERSION:
            raise BadUserInput(f"persistedQuery is {asked!r}; it needs version 1 and a sha256Hash")
        name = str(asked.get("sha256Hash")).lower()
        if query is None:
            return self._known(name)
        if hashlib.sha256(query.encode("utf-8", "surrogatepass")).hexdigest() != name:
            raise BadUserInput(f"sha256Hash {name} is not the hash of the query that came with it")
        self._keep(name, query)
        return query

    def _known(self, name: str) -> str:
        if name not in self._documents:
            raise PersistedQueryNotFound(name)
        self._documents.move_to_end(name)
        return self._documents[name]

    def _keep(self, name: str, query: str) -> None:
        if name in self._documents or len(query) > self._most:
            return
        self._documents[name] = query
        self._room -= len(query)
        while self._room < 0:
            _, gone = self._documents.popitem(last=False)
            self._room += len(gone)
