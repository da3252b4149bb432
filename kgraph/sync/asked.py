"""What was asked of the catalogue while objects were read, so that a new catalogue is known to matter or not.

A definition that comes may say that what an object refers to has no namespace, or which group a bare kind is of: then
the object means other edges than before, though it is the same. Most definitions matter to nobody who was there first.
"""

import hashlib

from kgraph.graphdb.catalogue import Catalogue
from kgraph.graphdb.model import GroupKind


class AskedCatalogue(Catalogue):
    """A catalogue that remembers its answers. What it knows is another's, which several clusters may share."""

    __slots__ = ("_named", "_scopes", "_serves")

    def __init__(self, known: Catalogue) -> None:
        for name in Catalogue.__slots__:
            setattr(self, name, getattr(known, name))
        self._named: dict[tuple[str, str], GroupKind | None] = {}
        self._scopes: dict[tuple[str, str], bool | None] = {}
        self._serves: dict[tuple[str, str], bool] = {}

    def is_namespaced(self, group: str, kind: str) -> bool | None:
        """As Catalogue has it."""
        answer = self._scopes[group, kind] = super().is_namespaced(group, kind)
        return answer

    def named(self, kind: str, own_group: str = "") -> GroupKind | None:
        """As Catalogue has it."""
        answer = self._named[kind, own_group] = super().named(kind, own_group)
        return answer

    def serves(self, group: str, kind: str) -> bool:
        """As Catalogue has it."""
        answer = self._serves[group, kind] = super().serves(group, kind)
        return answer

    def ask(self, other: Catalogue) -> None:
        """Ask another what was asked of this one: it is asked for all objects, and not all are read again."""
        for asked in self._scopes:
            other.is_namespaced(*asked)
        for asked in self._named:
            other.named(*asked)
        for asked in self._serves:
            other.serves(*asked)

    def would_answer_as(self, other: Catalogue) -> bool:
        """Whether another catalogue gives the same answers to all that was asked of this one."""
        return (
            all(other.is_namespaced(*asked) == answer for asked, answer in self._scopes.items())
            and all(other.named(*asked) == answer for asked, answer in self._named.items())
            and all(other.serves(*asked) == answer for asked, answer in self._serves.items())
        )

    def digest(self) -> str:
        """A hash of all that the answers depend on."""
        kinds = sorted((kind.group, kind.kind, kind.namespaced) for kind in self.kinds)
        return hashlib.blake2b(repr(kinds).encode(), digest_size=8).hexdigest()
