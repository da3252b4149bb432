"""How far one kind has come: what the graph holds of it, what fails, what is left out and what is malformed."""

from itertools import chain, islice
from typing import Any, NamedTuple

import msgspec

from kgraph.graphdb.store import Record
from kgraph.kube.discovery import ApiResource
from kgraph.kube.errors import WentBack
from kgraph.kube.history import is_before, newest

# How many of the reasons the kind's own node lists; the counts are of all.
REASONS_SHOWN = 5
_REASON_CHARACTERS = 300

# What `read/kind_state` gives of a kind of which the graph has nothing.
_LISTS = ("keys", "uids", "versions", "fingerprints", "edgesFingerprints", "edges", "malformed")
NOTHING: Record = {"resourceVersion": None, "extraction": None, **{name: [] for name in _LISTS}}


class Held(NamedTuple):
    """What the graph holds of one resource (or will, once what is queued is written)."""

    uid: str
    version: str
    fingerprint: str
    edges_fingerprint: str


class KindState(msgspec.Struct):
    """How far one kind has come.

    `problems` are the objects that are left out, `malformed` those that are in the graph as far as they can be: by
    key, why. `remark` is what holds for the kind as a whole, "" for nothing. A kind that is not `ours` another part of
    the cluster writes; it is only looked at, for what may be asked of it.
    """

    resource: ApiResource
    ours: bool = True
    held: dict[str, Held] = {}
    seen: set[str] | None = None  # the keys of the list that is under way
    listed: bool = False
    followed: bool = False  # whether the graph has held the whole kind before, so that what it lacks is new
    error: str = ""
    remark: str = ""
    problems: dict[str, str] = {}
    malformed: dict[str, str] = {}
    rewrites: bool = False  # whether all of the list is written, whatever the graph's fingerprints say
    told: dict[str, Any] = {}  # the status that the kind's own node has, or will have
    _trusted: bool = False  # whether a resourceVersion that the graph has too says that nothing has changed
    _newest: str = ""  # the highest resourceVersion that the graph has of the kind
    _went_back: bool = False  # whether the list has an object in an earlier version than the graph

    def expect(self, record: Record, extraction: str | None, *, rewrites: bool = False) -> None:
        """A list begins: this is what the graph holds of the kind (`read/kind_state`).

        Its resourceVersions are trusted where its objects were extracted as they are now; None trusts none of them.
        With `rewrites` nothing that it says of itself is.
        """
        self.rewrites = rewrites
        self.held = _held(record)
        self.seen = set()
        self.followed = self.listed or record["extraction"] is not None
        self.malformed = dict(record["malformed"])
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

    def complete(self) -> None:
        """The list was whole: what was wrong with objects that are gone is over."""
        seen = self.seen or set()
        self.problems = {key: why for key, why in self.problems.items() if key in seen}
        self.seen, self.listed, self.followed, self.error, self.rewrites = None, True, True, "", False

    def read(self, key: str, problems: tuple[str, ...]) -> bool:
        """An object was read, with these problems; whether they are others than before."""
        self.problems.pop(key, None)
        if not problems:
            return self.malformed.pop(key, None) is not None
        before = self.malformed.get(key)
        self.malformed[key] = problems[0]
        return before != problems[0]

    def forget(self, key: str) -> None:
        """An object is gone."""
        self.held.pop(key, None)
        self.problems.pop(key, None)
        self.malformed.pop(key, None)

    @property
    def status(self) -> dict[str, Any]:
        """What the kind's own node says of how it goes."""
        of_objects = (f"{key}: {why}" for key, why in chain(self.problems.items(), self.malformed.items()))
        reasons = chain((self.remark,) if self.remark else (), of_objects)
        return {
            "error": self.error or None,
            "leftOut": len(self.problems),
            "malformed": len(self.malformed),
            "reasons": [reason[:_REASON_CHARACTERS] for reason in islice(reasons, REASONS_SHOWN)],
        }


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
        # Someone who changes the graph may leave anything there.
        count, colon, _ = str(edges_fingerprint).partition(":")
        whole = not colon or count == str(edges)
        held[key] = Held(uid, version if whole else "", fingerprint, edges_fingerprint if whole else "")
    return held
