"""Edges that follow both ends, as questions: what a resource asks of others.

A `Query` is stated by an edge's start, a `Fact` is what is known of a possible end; `selector_index` brings the two
together. Most questions find what is there; those that stand give an edge to what is not there too.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from kgraph.graphdb.model import GroupKind
from kgraph.kube.selectors import EVERYTHING, LabelSelector
from kgraph.sync.facts import Grant

NO_PROPERTIES: Mapping[str, Any] = {}


class Query(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What all questions have: the edge's type, and what the edge says if there is one."""

    type: str
    fields: tuple[str, ...]
    optional: bool = False
    inferred: bool = False
    properties: Mapping[str, Any] = NO_PROPERTIES


class Selected(Query, frozen=True, gc=False, kw_only=True):
    """Every resource of a kind whose labels match.

    `namespaces` None is all of them; `namespace_selector` narrows them by the Namespaces' labels; `name` to one name.
    """

    target: GroupKind
    selector: LabelSelector = EVERYTHING
    namespaces: tuple[str, ...] | None = None
    namespace_selector: LabelSelector | None = None
    name: str = ""


class Present(Query, frozen=True, gc=False, kw_only=True):
    """Whichever of these is there: keys or aliases."""

    names: tuple[str, ...]


class Numbered(Query, frozen=True, gc=False, kw_only=True):
    """Resources called by one of the prefixes and a number, but not a number from `first` to before `end`."""

    target: GroupKind
    namespaces: tuple[str, ...]
    prefixes: tuple[str, ...]
    first: int
    end: int
    but: tuple[str, ...] = ()

    def has(self, name: str) -> bool:
        """Whether a name is one of those asked for."""
        if name in self.but:
            return False
        for prefix in self.prefixes:
            number = name[len(prefix) :] if name.startswith(prefix) else ""
            if number.isascii() and number.isdigit() and (number == "0" or number[0] != "0"):
                return not self.first <= int(number) < self.end
        return False


class Default(Query, frozen=True, gc=False, kw_only=True):
    """The default class: the newest of several, or with `only`, none where there are several."""

    target: GroupKind
    only: bool = False


class Parameters(Query, frozen=True, gc=False, kw_only=True):
    """Resources of the kind that the policy with the key `policy` says: one name, or by labels."""

    policy: str
    selector: LabelSelector = EVERYTHING
    namespaces: tuple[str, ...] | None = None
    name: str = ""


class Granted(Query, frozen=True, gc=False, kw_only=True):
    """One resource in another `namespace`, there or not: whether a ReferenceGrant allows it is the edge's `granted`.

    `wanted` is the grant that allows it; one without a name does as well.
    """

    end: str
    namespace: str
    wanted: Grant


class Beside(Query, frozen=True, gc=False, kw_only=True):
    """One resource in every namespace that has a resource of a kind whose labels match, there or not.

    `prefix` is what the keys of its kind begin with, up to the namespace. `namespaces` None is all of them.
    """

    target: GroupKind
    selector: LabelSelector
    namespaces: tuple[str, ...] | None
    prefix: str
    name: str


# Their edges do not hang on single ends: they need not be there, or the edge depends on more than two resources.
STANDING = (Granted, Beside)
AnyQuery = Selected | Present | Numbered | Default | Parameters | Granted | Beside
