"""How far one kind has come, what the graph holds of it, and when that is to be believed."""

from typing import NamedTuple

import msgspec

from kgraph.graphdb.store import Record
from kgraph.kube.discovery import ApiResource
from kgraph.kube.errors import WentBack
from kgraph.kube.history import is_before, newest


class Held(NamedTuple):
    """What the graph holds of one resource (or will, once what is queued is written)."""

    uid: str
    version: str
    fingerprint: str
    edges_fingerprint: str


class KindState(msgspec.Struct):
    """How far one kind has come."""

    resource: ApiResource
    held: dict[str, Held] = {}
    seen: set[str] | None = None  # the keys of the list that is under way
    listed: bool = False
    followed: bool = False  # whether the graph has held the whole kind before, so that what it lacks is new
    error: str = ""
    problems: dict[str, str] = {}  # what is left out, by key -> why
    _trusted: bool = False  # whether a resourceVersion that the graph has too says that nothing has changed
    _newest: str = ""  # the highest resourceVersion that the graph has of the kind
    _went_back: bool = False  # whether the list has an object in an earlier version than the graph

    def expect(self, record: Record, extraction: str | None) -> None:
        """A list begins: this is what the graph holds of the kind (`read/kind_state`).

        Its resourceVersions are trusted where its objects were extracted as they are now; None trusts none of them.
        """
        self.held = _held(record)
        self.seen = set()
        self.followed = self.listed or record["extraction"] is not None
        self.problems.clear()
        self._trusted = extraction is not None and record["extraction"] == extraction
        self._newest = newest([record["resourceVersion"] or "", *record["versions"]])
        self._went_back = False

    def is_unchanged(self, key: str, version: str) -> bool:
        """Whether a listed object's resourceVersion says that the graph has it as it is."""
        known = self.held.get(key)
        if known is None:
            return False
        if is_before(version, known.version):
            self._went_back = True
        return self._trusted and known.version == version != ""

    def expect_no_other_history(self, version: str) -> None:
        """The list was whole, as of this resourceVersion: WentBack where it belies those that were trusted in it.

        After a restore of etcd the versions since the backup are given again. What the list has in a version of that
        time may be another object than the graph's, although the versions are equal.
        """
        if self._trusted and (self._went_back or is_before(version, self._newest)):
            raise WentBack(f"the list is of resourceVersion {version}, and the graph has {self._newest}")


def _held(record: Record) -> dict[str, Held]:
    """What the graph holds. An edge count that is not the one written means that someone has changed the graph."""
    held = {}
    for key, uid, version, fingerprint, edges_fingerprint, edges in zip(
        record["keys"],
        record["uids"],
        record["versions"],
        record["fingerprints"],
        record["edgesFingerprints"],
        record["edges"],
        strict=True,
    ):
        count, colon, _ = edges_fingerprint.partition(":")
        whole = not colon or count == str(edges)
        held[key] = Held(uid, version if whole else "", fingerprint, edges_fingerprint if whole else "")
    return held
