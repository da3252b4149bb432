"""How far one kind has come: what the graph holds of it, what fails, what is left out and what is malformed."""

from itertools import chain, islice
from typing import Any, NamedTuple

import msgspec

from kgraph.graphdb.store import Record
from kgraph.kube.discovery import ApiResource

# How many of the reasons the kind's own node lists; the counts are of all.
REASONS_SHOWN = 5
_REASON_CHARACTERS = 300


class Held(NamedTuple):
    """What the graph holds of one resource (or will, once what is queued is written)."""

    uid: str
    version: str
    fingerprint: str
    edges_fingerprint: str


class KindState(msgspec.Struct):
    """How far one kind has come.

    `problems` are the objects that are left out, `malformed` those that are in the graph as far as they can be: by
    key, why. `remark` is what holds for the kind as a whole, "" for nothing.
    """

    resource: ApiResource
    held: dict[str, Held] = {}
    seen: set[str] | None = None  # the keys of the list that is under way
    listed: bool = False
    error: str = ""
    remark: str = ""
    problems: dict[str, str] = {}
    malformed: dict[str, str] = {}
    told: dict[str, Any] = {}  # the status that the kind's own node has, or will have

    def begin(self, record: Record, *, trusted: bool) -> None:
        """A list begins; `record` is what the graph holds of the kind, compared anew where it is not `trusted`."""
        self.held = _held(record, trusted=trusted)
        self.malformed = dict(record["malformed"])
        self.seen = set()

    def complete(self) -> None:
        """The list was whole: what was wrong with objects that are gone is over."""
        seen = self.seen or set()
        self.problems = {key: why for key, why in self.problems.items() if key in seen}
        self.seen, self.listed, self.error = None, True, ""

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


def _held(record: Record, *, trusted: bool) -> dict[str, Held]:
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
        held[key] = Held(uid, version if trusted and whole else "", fingerprint, edges_fingerprint if whole else "")
    return held
