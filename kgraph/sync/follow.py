"""What rows of the edge table ask whose edges follow both ends, one small function each.

Rows name them with `follow`; each yields the queries of one object.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kgraph.graphdb.edges.row import EdgeRow
from kgraph.graphdb.model import NAMESPACE, Edge, GroupKind, ResourceKey
from kgraph.kube.selectors import EVERYTHING, LabelSelector
from kgraph.lenient import mapping
from kgraph.sync.facts import Grant
from kgraph.sync.paths import find_all, parse_one, write
from kgraph.sync.queries import AnyQuery, Default, Granted, Numbered, Parameters, Present, Selected
from kgraph.sync.references import default_class_asked, ordinals, storage_class_asked
from kgraph.sync.start import Start, is_name, maps, text

_POD = GroupKind("", "Pod")
_NODE = GroupKind("", "Node")
# Where kubelets and the control plane's components hold their Leases; elsewhere a Lease's holder is a Pod.
_NODE_LEASE_NAMESPACES = frozenset({"kube-node-lease", "kube-system"})
Follow = Callable[[Start, EdgeRow], Iterator[AnyQuery]]


def selected(start: Start, row: EdgeRow) -> Iterator[AnyQuery]:
    """The queries of a row that `selects`; SelectorError where a selector is malformed."""
    selection = row.selects
    assert selection is not None
    path = parse_one(selection.at)
    target = GroupKind.parse(row.end)
    namespaces = None if selection.namespaces == "all" else (start.namespace,)
    found = [(write(path, indices), value) for indices, value in find_all(start.object, path)]
    if not found and selection.absent == "everything":
        found = [(selection.at, {})]
    for field, value in found:
        if value == {} and selection.empty == "nothing":
            continue
        read = LabelSelector.from_labels if selection.plain and type(value) is dict else LabelSelector.from_object
        yield Selected(type=row.type, fields=(field,), target=target, selector=read(value), namespaces=namespaces)


def granted(start: Start, edge: Edge) -> Granted | None:
    """The query that takes the place of an edge which a ReferenceGrant allows; None of one that needs none.

    References within a namespace, and to what has none, need no grant (Gateway API's reference, ReferenceGrant).
    """
    end = ResourceKey.parse(edge.end)
    if end.namespace in ("", start.namespace):
        return None
    return Granted(
        type=edge.type,
        fields=edge.fields,
        optional=edge.optional,
        inferred=edge.inferred,
        properties=edge.properties,
        end=edge.end,
        namespace=end.namespace,
        wanted=Grant(start.group_kind, start.namespace, end.group_kind, end.name),
    )


def _definition(start: Start, row: EdgeRow) -> Iterator[AnyQuery]:
    yield Present(type=row.type, fields=("apiVersion",), names=(str(start.group_kind),))


def _holders(start: Start, row: EdgeRow, kind: GroupKind, namespace: str) -> Iterator[AnyQuery]:
    # client-go's leader election holds as `<hostname>_<uuid>`; the kubelet as the node's name.
    holder = text(start.section("spec").get("holderIdentity"))
    names = [name for name in (holder, holder.rpartition("_")[0]) if is_name(name)]
    keys = [start.keys.end(namespace, kind.group, kind.kind, "", name) for name in names]
    if found := tuple(key for key in keys if key):
        yield Present(type=row.type, fields=("spec.holderIdentity",), names=found)


def _holding_pod(start: Start, row: EdgeRow) -> Iterator[AnyQuery]:
    yield from _holders(start, row, _POD, start.namespace)


def _holding_node(start: Start, row: EdgeRow) -> Iterator[AnyQuery]:
    if start.namespace in _NODE_LEASE_NAMESPACES:
        yield from _holders(start, row, _NODE, "")


def _claims_beyond(start: Start, row: EdgeRow) -> Iterator[AnyQuery]:
    first, end = ordinals(start)
    templates = [
        (at, name)
        for at, template in maps(start.section("spec").get("volumeClaimTemplates"))
        if is_name(name := start_name(template))
    ]
    volumes = [volume.get("persistentVolumeClaim") for _, pod in start.pods for _, volume in maps(pod.get("volumes"))]
    stated = [text(claim.get("claimName")) for claim in volumes if type(claim) is dict]
    for at, name in templates:
        prefix = f"{name}-{start.name}-"
        yield Numbered(
            type=row.type,
            fields=(f"spec.volumeClaimTemplates[{at}]",),
            optional=True,
            target=GroupKind.parse(row.end),
            namespaces=(start.namespace,),
            prefixes=(prefix,),
            first=first,
            end=end,
            but=tuple(claim for claim in stated if claim.startswith(prefix)),
        )


def start_name(template: Mapping[str, Any]) -> Any:
    """The name in a template's metadata."""
    return mapping(template.get("metadata")).get("name")


def _default_storage_class(start: Start, row: EdgeRow) -> Iterator[AnyQuery]:
    if storage_class_asked(start) is None and not start.section("spec").get("volumeName"):
        yield Default(type=row.type, fields=("spec.storageClassName",), inferred=True, target=GroupKind.parse(row.end))


def _default_ingress_class(start: Start, row: EdgeRow) -> Iterator[AnyQuery]:
    if default_class_asked(start):
        yield Default(
            type=row.type,
            fields=("spec.ingressClassName",),
            inferred=True,
            target=GroupKind.parse(row.end),
            only=True,
        )


def _peers(start: Start, row: EdgeRow, rules: str, peers: str) -> Iterator[AnyQuery]:
    """The peers of a NetworkPolicy's rules, those that make Pods or those that make Namespaces.

    A namespaceSelector whose podSelector is empty means the same as one without: whole Namespaces.
    """
    wanted = GroupKind.parse(row.end)
    spec = start.section("spec")
    if not applies(spec, "Ingress" if rules == "ingress" else "Egress"):
        return
    for rule_at, rule in maps(spec.get(rules)):
        properties = {"ports": [_ports(rule.get("ports"))]}
        for peer_at, peer in maps(rule.get(peers)):
            pods, namespaces = peer.get("podSelector"), peer.get("namespaceSelector")
            if pods is None and namespaces is None:
                continue  # an ipBlock, which is a property of the policy
            whole = namespaces is not None and pods in (None, {})
            if whole is not (wanted == NAMESPACE):
                continue
            field = (f"spec.{rules}[{rule_at}].{peers}[{peer_at}]",)
            if whole:
                yield Selected(
                    type=row.type,
                    fields=field,
                    properties=properties,
                    target=NAMESPACE,
                    selector=LabelSelector.from_object(namespaces),
                    namespaces=("",),
                )
            else:
                yield Selected(
                    type=row.type,
                    fields=field,
                    properties=properties,
                    target=_POD,
                    selector=LabelSelector.from_object(pods),
                    namespaces=(start.namespace,) if namespaces is None else None,
                    namespace_selector=None if namespaces is None else LabelSelector.from_object(namespaces),
                )


def applies(spec: Mapping[str, Any], policy_type: str) -> bool:
    """Whether a NetworkPolicy governs `Ingress` or `Egress`.

    Without policyTypes it governs Ingress, and Egress if it has any rule for it (the API's reference).
    """
    types = spec.get("policyTypes")
    if type(types) is list and types:
        return policy_type in types
    return policy_type == "Ingress" or bool(spec.get("egress"))


def _ports(ports: Any) -> str:
    """A rule's ports as text: `80/TCP,8000-9000/UDP`; "" is all of them."""
    found = []
    for _, port in maps(ports):
        number, end = port.get("port"), port.get("endPort")
        span = "" if number is None else f"{number}-{end}/" if end is not None else f"{number}/"
        found.append(f"{span}{port.get('protocol') or 'TCP'}")
    return ",".join(found)


def _policy_parameters(start: Start, row: EdgeRow, kind: str) -> Iterator[AnyQuery]:
    spec = start.section("spec")
    reference = spec.get("paramRef")
    policy = start.end("admissionregistration.k8s.io", kind, "", spec.get("policyName"))
    if type(reference) is not dict or policy is None:
        return
    name, selector = text(reference.get("name")), reference.get("selector")
    if not name and selector is None:
        return
    namespace = text(reference.get("namespace"))
    yield Parameters(
        type=row.type,
        fields=("spec.paramRef",),
        optional=reference.get("parameterNotFoundAction") == "Allow",
        policy=policy,
        name=name,
        selector=EVERYTHING if name else LabelSelector.from_object(selector),
        # Without a namespace, the parameters are sought in that of each object that is admitted.
        namespaces=(namespace,) if namespace else None,
    )


FOLLOW: Mapping[str, Follow] = {
    "definition": _definition,
    "holding_pod": _holding_pod,
    "holding_node": _holding_node,
    "statefulset_claims_beyond": _claims_beyond,
    "default_storage_class": _default_storage_class,
    "default_ingress_class": _default_ingress_class,
    "ingress_pods": lambda start, row: _peers(start, row, "ingress", "from"),
    "ingress_namespaces": lambda start, row: _peers(start, row, "ingress", "from"),
    "egress_pods": lambda start, row: _peers(start, row, "egress", "to"),
    "egress_namespaces": lambda start, row: _peers(start, row, "egress", "to"),
    "validating_policy_parameters": lambda start, row: _policy_parameters(start, row, "ValidatingAdmissionPolicy"),
    "mutating_policy_parameters": lambda start, row: _policy_parameters(start, row, "MutatingAdmissionPolicy"),
}
