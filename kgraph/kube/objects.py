"""Objects from their bytes: a quick look at the head, the whole as a dict, and Secrets without their values.

`decode` and `redact` are the only ways to an object's dict, so that no secret value gets past this module.
"""

from sys import intern
from typing import Any

import msgspec

from kgraph.groups import api_version
from kgraph.kube import nesting
from kgraph.kube.errors import BadAnswer
from kgraph.lenient import mapping

# What kubectl apply keeps of the manifest, a Secret's values included.
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
# Where a redacted Secret keeps how many bytes each value has; no field of Kubernetes' own.
DATA_SIZES = "dataSizes"


class Metadata(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """What is looked at before an object is worth decoding; null reads as absent."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None


class Head(msgspec.Struct, frozen=True, gc=False):
    """An object's metadata, without the rest: ten times as fast as `decode` for a Pod."""

    metadata: Metadata = Metadata()


_head = msgspec.json.Decoder(Head, strict=False)
_object = msgspec.json.Decoder(dict[str, Any])


def head(raw: bytes | msgspec.Raw) -> Head:
    """The object's metadata, as far as it is what it should be; BadAnswer where the bytes are no object."""
    try:
        try:
            return nesting.decoded(_head.decode, raw)
        except msgspec.ValidationError:
            return _sound_part(nesting.decoded(_object.decode, raw).get("metadata"))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadAnswer(f"an object that is not one: {error}") from error


def _sound_part(metadata: Any) -> Head:
    """What of an object's metadata is as it should be: apiservers see to it, those behind them may not."""
    fields = Metadata.__struct_encode_fields__
    found = {name: metadata.get(name) for name in fields} if isinstance(metadata, dict) else {}
    kept: dict[str, Any] = {name: value for name, value in found.items() if isinstance(value, str)}
    for name in ("labels", "annotations"):
        of_texts = mapping(found.get(name)).items()
        kept[name] = {key: value for key, value in of_texts if isinstance(value, str)}
    return Head(msgspec.convert(kept, Metadata))


def decode(raw: bytes | msgspec.Raw, group: str, kind: str, version: str = "") -> dict[str, Any]:
    """The object as a dict, a Secret without its values.

    Items of a list name neither their kind nor their version; where `version` is given both are filled in.
    """
    try:
        value = nesting.decoded(_object.decode, raw)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadAnswer(f"a {kind} that is no object: {error}") from error
    if version:
        value.setdefault("apiVersion", api_version(group, version))
        value.setdefault("kind", kind)
    return redact(value, group, kind)


def redact(value: dict[str, Any], group: str, kind: str) -> dict[str, Any]:
    """The object itself, changed in place where it is a Secret.

    `data` keeps its keys with None for each value, and `dataSizes` has the sizes in bytes; `stringData` is merged
    in, as the apiserver would; the annotation that repeats the manifest goes. Twice is as once. A list, whose
    Secrets would pass unseen, is refused.
    """
    if "items" in value and (stated := value.get("kind", kind)) and str(stated).endswith("List"):
        raise ValueError(f"a {stated} is no object: unpack its items first")
    metadata = value.get("metadata")
    if isinstance(metadata, dict) and isinstance(namespace := metadata.get("namespace"), str):
        metadata["namespace"] = intern(namespace)  # kept once for the thousands of objects that name it
    if group or kind != "Secret":
        return value
    sizes: dict[str, int] = {}
    known = mapping(value.pop(DATA_SIZES, None))
    for key, secret in mapping(value.pop("data", None)).items():
        sizes[str(key)] = _known_size(known.get(key)) if secret is None else _decoded_size(secret)
    for key, secret in mapping(value.pop("stringData", None)).items():
        sizes[str(key)] = len(str(secret).encode("utf-8", "surrogatepass"))
    value["data"] = dict.fromkeys(sizes)
    value[DATA_SIZES] = sizes
    if isinstance(metadata, dict) and isinstance(annotations := metadata.get("annotations"), dict):
        annotations.pop(LAST_APPLIED, None)
    return value


def _known_size(size: Any) -> int:
    return size if isinstance(size, int) else 0


def _decoded_size(secret: Any) -> int:
    """How many bytes a base64 text stands for, without decoding it; Go passes over line ends in it."""
    if isinstance(secret, bytes):  # YAML's !!binary
        return len(secret)
    text = str(secret).replace("\n", "").replace("\r", "").rstrip("=")
    return len(text) * 3 // 4
