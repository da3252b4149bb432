"""Who owns which field of an object: its managedFields, reduced to what a comparison with manifests needs.

Server-side apply keeps every field's managers (Kubernetes' documentation, "Server-Side Apply"). Three sorts of them
matter here: those that deliver manifests and people's own tools, whose fields are what is compared; and everyone else,
such as an autoscaler, whose fields are not the manifest's business. A list item that nobody owns was put there by
admission: the apiserver notes the managers before mutating webhooks run (apiserver, `handlers/create.go`).

How an entry is written stands in `kgraph.kube.managers`, which reads entries one by one, for what changed just now;
here all of an object are read at once, for every object of a first sync.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec

from kgraph.kube.field_paths import Path, parse, write
from kgraph.kube.merge_keys import Identity
from kgraph.kube.stated import GENERATED

# By the beginnings of their names, in lower case. They bring manifests to a cluster: a field of theirs that is not as
# the manifest says is drift, whether it was not delivered yet or delivered otherwise.
DELIVERERS = (
    "argocd", "ansible", "before-first-apply", "crossplane", "fleet", "flux", "helm", "kapp", "kustomize-controller",
    "pulumi", "rancher", "skaffold", "spinnaker", "terraform", "tilt",
)  # fmt: skip
# What people use, and what programs are called that do not say who they are: a change of theirs is a change by hand.
HANDS = (
    "axios", "curl", "dashboard", "dictamesh", "go-http-client", "headlamp", "java", "k9s", "kubectl", "lens",
    "mozilla", "node-fetch", "okhttp", "openapi-generator", "openlens", "postman", "python", "unknown", "wget",
)  # fmt: skip
# Kinds that nobody keeps manifests of, and whose managers are therefore not looked at.
NEVER_DECLARED = frozenset({"Endpoints", "EndpointSlice", "Event", "Lease", "Node"})
ADMISSION = "(admission)"
_STEPS_REMEMBERED = 8_192  # the fields of a cluster's kinds, and the names of its containers and variables

_decode_key = msgspec.json.Decoder(dict[str, Any]).decode
_decode = msgspec.json.Decoder(dict[str, list[str]]).decode
_encode = msgspec.json.Encoder(order="sorted").encode


class Ownership(msgspec.Struct, frozen=True):
    """Who owns what: the fields and list items of the `others`; and the list items that manifests or people brought."""

    others: Mapping[Path, str] = {}
    ours: frozenset[Path] = frozenset()

    @classmethod
    def read(cls, compacted: str) -> "Ownership":
        """From what `compact` gave."""
        others: dict[Path, str] = {}
        ours: set[Path] = set()
        for manager, paths in sorted(_decode(compacted).items()):
            for path in map(parse, paths):
                if is_ours(manager):
                    ours.add(path)
                else:
                    others.setdefault(path, manager)
        return cls(others, frozenset(ours))

    def manager(self, path: Path) -> str:
        """Who else owns what stands at a path, or all that it is a part of; "" where nobody else does."""
        if path in self.others:
            return self.others[path]
        for end in range(len(path) - 1, 0, -1):
            # Owning an item of a list is owning that it is there, not what it says.
            if not isinstance(path[end - 1], tuple) and path[:end] in self.others:
                return self.others[path[:end]]
        return ""

    def manager_of_item(self, path: Path) -> str:
        """Who else put an item into a list; `(admission)` where nobody owns it."""
        return self.manager(path) or ("" if path in self.ours else ADMISSION)


@lru_cache(maxsize=256)
def is_ours(manager: str) -> bool:
    """Whether a manager delivers manifests, or is somebody's hand."""
    return manager.lower().startswith(DELIVERERS + HANDS)


def controller(metadata: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The owner reference of the controller that made an object; None where none did."""
    owners = metadata.get("ownerReferences")
    if type(owners) is not list:
        return None
    return next((owner for owner in owners if type(owner) is dict and owner.get("controller") is True), None)


def ownership(obj: Mapping[str, Any], kind: str) -> str:
    """The ownership, as `compact` gives it, of an object that somebody may keep a manifest of.

    What a controller made is compared with no manifest: "" for it, as for an object whose managers are not known.
    """
    metadata = obj.get("metadata")
    if type(metadata) is not dict or "managedFields" not in metadata or kind in NEVER_DECLARED:
        return ""
    return "" if controller(metadata) else compact(metadata["managedFields"])


def compact(managed_fields: Any) -> str:
    """The ownership as JSON, `{manager: [paths]}`, sorted; "" where there are no managedFields.

    Status, and all metadata but labels and annotations, are left out, and so are times: an object whose status alone is
    written keeps its text. Of those who bring manifests only the items of lists are kept, which tell a container that
    they brought from one that admission has put in.
    """
    if type(managed_fields) is not list or not managed_fields:
        return ""
    found: dict[str, set[str]] = {}
    for entry in managed_fields:
        if type(entry) is not dict or entry.get("subresource") == "status" or type(entry.get("fieldsV1")) is not dict:
            continue
        manager = str(entry.get("manager") or "unknown")
        paths: list[str] = []
        _collect(_without_noise(entry["fieldsV1"]), "", paths, items_only=is_ours(manager))
        found.setdefault(manager, set()).update(paths)
    return _encode({manager: sorted(paths) for manager, paths in found.items() if paths}).decode()


def _without_noise(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields without status, and of the metadata only labels and annotations that somebody wanted."""
    kept = {name: below for name, below in fields.items() if name not in ("f:status", "f:metadata")}
    if type(metadata := fields.get("f:metadata")) is dict:
        texts = {}
        for field in ("f:labels", "f:annotations"):
            if type(below := metadata.get(field)) is dict:
                texts[field] = {name: each for name, each in below.items() if name[2:] not in GENERATED}
        kept["f:metadata"] = {field: below for field, below in texts.items() if below}
    return kept


def _collect(fields: Mapping[str, Any], path: str, found: list[str], *, items_only: bool) -> None:
    """Write every owned field below a path into `found`; a first sync does so for thousands of objects."""
    for name, below in fields.items():
        step = _step(name)
        if not step:
            if name[:2] == "v:" and not items_only:  # a text in a set: the set is what is compared
                found.append(path)
            continue
        here = path + step if path or step[0] != "." else step[1:]
        if type(below) is dict and below:
            if name[0] == "k" and "." in below:
                found.append(here)
            _collect(below, here, found, items_only=items_only)
        elif not items_only:
            found.append(here)


@lru_cache(maxsize=_STEPS_REMEMBERED)
def _step(name: str) -> str:
    """One step of fieldsV1 as a path has it: `.spec` of `f:spec`; "" of `.` and of a set's values."""
    sign, _, rest = name.partition(":")
    match sign:
        case "f":
            step = write((rest,))
            return step if step[:1] == "[" else f".{step}"
        case "k":
            return write((_identity(rest),))
        case "i" if rest.isdigit():
            return f"[{rest}]"
    return ""


def _identity(text: str) -> Identity:
    try:
        return tuple((key, str(value)) for key, value in _decode_key(text).items())
    except msgspec.DecodeError:
        return (("key", text),)  # no apiserver writes one that is no JSON
