"""The odd ones out of the edge table: references that a path alone does not find, one small function each.

Rows name them with `find`; each yields what it found in one object, and whoever called it merges them into edges.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from kgraph.graphdb.edges.row import EdgeRow
from kgraph.graphdb.model import cluster_key, image_key, subject_key
from kgraph.kube.images import digest_of_image_id, parse_image
from kgraph.kube.rbac import account_of, node_of
from kgraph.lenient import mapping
from kgraph.sync.start import Start, group_of, is_name, maps, text

_BETA_STORAGE_CLASS = "volume.beta.kubernetes.io/storage-class"
_OLD_INGRESS_CLASS = "kubernetes.io/ingress.class"
_ACCOUNT_FIELDS = ("serviceAccountName", "serviceAccount")
_MIRROR = "kubernetes.io/config.mirror"
_CSI_SECRET = re.compile(r"csi\.storage\.k8s\.io/(?P<purpose>[a-z-]+)-secret-name")
_STATIC_POD_UID = re.compile(r"[0-9a-f]{32}")
# A StatefulSet of more replicas than this is a mistake or an attack; its claims are not all listed.
MAX_CLAIM_ORDINALS = 10_000
_CONTAINER_LISTS = (
    ("containers", "containerStatuses"),
    ("initContainers", "initContainerStatuses"),
    ("ephemeralContainers", "ephemeralContainerStatuses"),
)


class Found(msgspec.Struct, frozen=True, gc=False):
    """One reference in one place: the end's key, the path ("" where none says it), and what the edge says of it.

    `properties` has one value for each property of the row that has no path.
    """

    end: str
    field: str
    optional: bool = False
    inferred: bool = False
    uid: str = ""
    properties: Mapping[str, Any] = {}


# A text is what was malformed and therefore skipped.
Find = Callable[[Start, EdgeRow], Iterator[Found | str]]


def _own_namespace(start: Start, _row: EdgeRow) -> Iterator[Found]:
    if start.namespace:
        yield Found(start.keys.end("", "", "Namespace", "", start.namespace) or "", "metadata.namespace")


def _own_cluster(start: Start, _row: EdgeRow) -> Iterator[Found]:
    if not start.namespace:
        yield Found(cluster_key(start.cluster), "")


def _regarded(start: Start, _row: EdgeRow) -> Iterator[Found]:
    for field in ("involvedObject", "regarding", "related"):
        reference = start.object.get(field)
        if type(reference) is not dict:
            continue
        kind = text(reference.get("kind"))
        end = resolved(start, reference, kind, text(reference.get("apiVersion")))
        if end:
            uid = uid_of_event(text(reference.get("uid")), reference["name"])
            yield Found(end, field, uid=uid, properties={"fieldPath": text(reference.get("fieldPath"))})


def resolved(start: Start, reference: Mapping[str, Any], kind: str, api_version: str) -> str | None:
    """The key of an object reference with kind, namespace and name; without apiVersion the kind of that name."""
    if not is_name(kind):
        return None
    if api_version:
        group = group_of(api_version)
    else:
        named = start.catalogue.named(kind, start.group_kind.group)
        group = named.group if named else ""
    return start.end(group, kind, text(reference.get("namespace")), reference.get("name"))


def uid_of_event(uid: str, name: str) -> str:
    """The uid that an Event's reference names, "" where it is none of the API's.

    The kubelet writes a Node's name as its uid, and for a static Pod the hash of its file (32 digits, no UUID).
    """
    return "" if uid == name or _STATIC_POD_UID.fullmatch(uid) else uid


def _service_account(start: Start, _row: EdgeRow) -> Iterator[Found]:
    if _MIRROR in start.annotations:
        return  # the kubelet made it from a file; admission refuses it any account
    for path, pod in start.pods:
        field = next((field for field in _ACCOUNT_FIELDS if is_name(pod.get(field))), "")
        end = start.end("", "ServiceAccount", "", pod[field] if field else "default")
        if end and pod:
            yield Found(end, f"{path}.{field or _ACCOUNT_FIELDS[0]}", inferred=not field)


def _images(start: Start, _row: EdgeRow) -> Iterator[Found]:
    for path, pod in start.pods:
        yield from _images_of(start, path, pod)


def _images_of(start: Start, path: str, pod: Mapping[str, Any]) -> Iterator[Found]:
    status = start.section("status") if path == "spec" else {}
    for containers, statuses in _CONTAINER_LISTS:
        listed = maps(pod.get(containers))
        if not listed:
            continue
        digests = {
            text(container.get("name")): digest_of_image_id(text(container.get("imageID")))
            for _, container in maps(status.get(statuses))
        }
        for at, container in listed:
            field = f"{path}.{containers}[{at}].image"
            yield from _image(container.get("image"), field, digests.get(text(container.get("name")), ""))
    for at, volume in maps(pod.get("volumes")):
        source = volume.get("image")
        if type(source) is dict:
            yield from _image(source.get("reference"), f"{path}.volumes[{at}].image.reference", "")


def _image(written: Any, field: str, digest: str) -> Iterator[Found]:
    reference = parse_image(written) if type(written) is str else None
    if reference:
        yield Found(image_key(str(reference)), field, properties={"written": written, "digest": digest})


def _ephemeral_claims(start: Start, _row: EdgeRow) -> Iterator[Found]:
    for path, pod in start.pods:
        for at, volume in maps(pod.get("volumes")):
            if type(volume.get("ephemeral")) is dict and is_name(volume.get("name")):
                end = start.end("", "PersistentVolumeClaim", "", f"{start.name}-{volume['name']}")
                if end:
                    yield Found(end, f"{path}.volumes[{at}].ephemeral")


def ordinals(start: Start) -> tuple[int, int]:
    """The ordinals of a StatefulSet's Pods, from the first to before the end; replicas that are absent are one."""
    spec = start.section("spec")
    replicas, first = spec.get("replicas"), start.section("spec", "ordinals").get("start")
    count = replicas if type(replicas) is int and replicas >= 0 else 1
    begin = first if type(first) is int and first >= 0 else 0
    return begin, begin + min(count, MAX_CLAIM_ORDINALS)


def _statefulset_claims(start: Start, _row: EdgeRow) -> Iterator[Found]:
    first, end_ordinal = ordinals(start)
    for at, template in maps(start.section("spec").get("volumeClaimTemplates")):
        name = mapping(template.get("metadata")).get("name")
        if not is_name(name):
            continue
        for ordinal in range(first, end_ordinal):
            end = start.end("", "PersistentVolumeClaim", "", f"{name}-{start.name}-{ordinal}")
            if end:
                yield Found(end, f"spec.volumeClaimTemplates[{at}]")


def storage_class_asked(start: Start) -> tuple[str, str] | None:
    """The class that a claim or volume names, with the path; ("", path) is "none, please", None says nothing."""
    if type(old := start.annotations.get(_BETA_STORAGE_CLASS)) is str:
        return old, f'metadata.annotations["{_BETA_STORAGE_CLASS}"]'
    named = start.section("spec").get("storageClassName")
    return (named, "spec.storageClassName") if type(named) is str else None


def _storage_class(start: Start, _row: EdgeRow) -> Iterator[Found]:
    name, field = storage_class_asked(start) or ("", "")
    end = start.end("storage.k8s.io", "StorageClass", "", name)
    if end:
        yield Found(end, field)


def _storage_class_secrets(start: Start, _row: EdgeRow) -> Iterator[Found]:
    parameters = start.section("parameters")
    for parameter, name in parameters.items():
        match = _CSI_SECRET.fullmatch(parameter) if type(parameter) is str else None
        if match is None:
            continue
        namespace = text(parameters.get(f"csi.storage.k8s.io/{match['purpose']}-secret-namespace"))
        if "${" in text(name) or "${" in namespace:
            continue  # the provisioner fills it in for each volume
        end = start.end("", "Secret", namespace, name)
        if end:
            yield Found(end, f'parameters["{parameter}"]')


def _endpoint_targets(start: Start, _row: EdgeRow) -> Iterator[Found]:
    for at, endpoint in maps(start.object.get("endpoints")):
        conditions = endpoint.get("conditions")
        # "nil should be interpreted as true" (discovery/v1 EndpointConditions)
        ready = type(conditions) is not dict or conditions.get("ready") is not False
        yield from _endpoint(start, endpoint, f"endpoints[{at}]", ready=ready)
    for subset_at, subset in maps(start.object.get("subsets")):
        for field, ready in (("addresses", True), ("notReadyAddresses", False)):
            for at, address in maps(subset.get(field)):
                yield from _endpoint(start, address, f"subsets[{subset_at}].{field}[{at}]", ready=ready)


def _endpoint(start: Start, endpoint: Mapping[str, Any], field: str, *, ready: bool) -> Iterator[Found]:
    target, properties = endpoint.get("targetRef"), {"ready": ready}
    if type(target) is dict:
        end = resolved(start, target, text(target.get("kind")), text(target.get("apiVersion")))
        if end:
            yield Found(end, f"{field}.targetRef", uid=text(target.get("uid")), properties=properties)
        return
    end = start.end("", "Node", "", endpoint.get("nodeName"))
    if end:
        yield Found(end, f"{field}.nodeName", properties=properties)


def default_class_asked(start: Start) -> bool:
    """Whether an Ingress names no class, neither in its spec nor by the old annotation."""
    return not text(start.section("spec").get("ingressClassName")) and _OLD_INGRESS_CLASS not in start.annotations


def _ingress_class(start: Start, _row: EdgeRow) -> Iterator[Found]:
    named = start.section("spec").get("ingressClassName")
    if end := start.end("networking.k8s.io", "IngressClass", "", named):
        yield Found(end, "spec.ingressClassName")
        return
    old = start.annotations.get(_OLD_INGRESS_CLASS)
    if end := start.end("networking.k8s.io", "IngressClass", "", old):
        # Controllers knew their annotation's value long before there were IngressClasses.
        yield Found(end, f'metadata.annotations["{_OLD_INGRESS_CLASS}"]', optional=True)


def _subjects(start: Start) -> Iterator[tuple[str, str, str, str]]:
    """The subjects of a binding as (field, kind, namespace, name), users of accounts and nodes read as those."""
    for at, subject in maps(start.object.get("subjects")):
        kind, name, field = subject.get("kind"), text(subject.get("name")), f"subjects[{at}]"
        if not name:
            continue
        if kind == "ServiceAccount":
            yield field, kind, text(subject.get("namespace")), name
        elif kind == "User" and (account := account_of(name)):
            yield field, "ServiceAccount", *account
        elif kind == "User" and (node := node_of(name)):
            yield field, "Node", "", node
        elif kind in ("User", "Group"):
            yield field, kind, "", name


def _resource_subjects(start: Start, row: EdgeRow) -> Iterator[Found]:
    for field, kind, namespace, name in _subjects(start):
        if kind == row.end and (end := start.end("", kind, namespace, name)):
            yield Found(end, field)


def _other_subjects(start: Start, _row: EdgeRow) -> Iterator[Found]:
    for field, kind, _, name in _subjects(start):
        if kind in ("User", "Group"):
            yield Found(subject_key(start.cluster, kind, name), field)


FIND: Mapping[str, Find] = {
    "own_namespace": _own_namespace,
    "own_cluster": _own_cluster,
    "regarded": _regarded,
    "service_account": _service_account,
    "images": _images,
    "ephemeral_claims": _ephemeral_claims,
    "statefulset_claims": _statefulset_claims,
    "storage_class": _storage_class,
    "storage_class_secrets": _storage_class_secrets,
    "endpoint_targets": _endpoint_targets,
    "ingress_class": _ingress_class,
    "service_account_subjects": _resource_subjects,
    "node_subjects": _resource_subjects,
    "other_subjects": _other_subjects,
}
