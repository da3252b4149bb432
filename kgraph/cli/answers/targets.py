"""Resources as kubectl names them: `deploy/web`, `deployment web`, `deploy/web svc/cart`, `pods -l app=web`."""

from collections.abc import Sequence

import msgspec

from kgraph.cli.errors import BadConfiguration

LOOKS_LIKE = "write it as kubectl does: deploy/web -n shop, or deployment web -n shop"


# What is no Kubernetes resource, and whose names have slashes: `image/docker.io/library/nginx:1.27`.
_SLASHED = frozenset({"image", "images", "subject", "subjects"})


class Target(msgspec.Struct, frozen=True):
    """A kind as the user spells it, and a name; "" where a selector takes its place."""

    resource_type: str
    name: str

    def __str__(self) -> str:
        return f"{self.resource_type}/{self.name}" if self.name else self.resource_type


def parse_targets(words: Sequence[str]) -> tuple[Target, ...]:
    """The resources that the words name; BadConfiguration says how to write them."""
    if not words:
        raise BadConfiguration(f"which resource? {LOOKS_LIKE}")
    if all("/" in word for word in words):
        return tuple(_split(word) for word in words)
    if any("/" in word for word in words) and words[0].lower() not in _SLASHED:
        raise BadConfiguration(f"{' '.join(words)}: kind/name and kind name are mixed; {LOOKS_LIKE}")
    resource_type, *names = words
    # `kubectl get pods,services` has no single root: each kind would need its own names.
    if "," in resource_type:
        raise BadConfiguration(f"{resource_type}: one kind at a time; {LOOKS_LIKE}")
    return tuple(Target(resource_type, name) for name in names) or (Target(resource_type, ""),)


def parse_target(word: str) -> Target:
    """The one resource that a word names."""
    if "/" not in word:
        raise BadConfiguration(f"{word}: a resource here is kind/name, such as deploy/web")
    return _split(word)


def split_cluster(word: str) -> tuple[str, str]:
    """The cluster and the rest of `prod:deploy/web`; "" for the cluster where none is named."""
    cluster, colon, rest = word.partition(":")
    return (cluster, rest) if colon and "/" not in cluster else ("", word)


def _split(word: str) -> Target:
    resource_type, _, name = word.partition("/")
    if not resource_type or not name or ("/" in name and resource_type.lower() not in _SLASHED):
        raise BadConfiguration(f"{word!r} names no resource; {LOOKS_LIKE}")
    return Target(resource_type, name)
