"""An object's state as the storm's judge compares it: without secret values, and without what is no change."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec

from kgraph.graphdb.catalogue import Catalogue
from kgraph.graphdb.kinds import NOISE_EVERYWHERE
from kgraph.kube.objects import redact
from kgraph.sync.manifest import Without, normalised, without, without_tree
from kgraph.sync.paths import parse_one

# What was changed and changed back while nobody watched differs in this alone, and is told to nobody
# (`kgraph.sync.history` calls it the apiserver's own bookkeeping).
_BOOKKEEPING = ("metadata.generation",)

_sorted = msgspec.json.Encoder(order="deterministic")


def state_of(obj: Mapping[str, Any], group: str, version: str, kind: str) -> bytes:
    """The object as bytes that are equal where its states are."""
    kept = normalised(redact(dict(obj), group, kind), group, version, kind)
    return _sorted.encode(without(kept, _noise(group, kind)))


@cache
def _noise(group: str, kind: str) -> Without:
    known = Catalogue().get(group, kind)
    return without_tree(
        [parse_one(path) for path in (*NOISE_EVERYWHERE, *_BOOKKEEPING, *(known.noise if known else ()))]
    )
