"""What a node has besides its edges: its properties, its manifest, its fingerprint; and malformed objects."""

import copy
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from kgraph.graphdb.catalogue import Catalogue
from kgraph.graphdb.edges import EDGE_ROWS
from kgraph.graphdb.health import Health, Verdict
from kgraph.graphdb.kinds import CUSTOM_KINDS, KINDS
from kgraph.graphdb.model import RESOURCE_PROPERTIES, ResourceKey
from kgraph.kube.objects import Metadata, redact
from kgraph.sync.extract import Extractor, Unidentified
from kgraph.sync.functions import FIND, FOLLOW
from kgraph.sync.plan import Plan, plan_of
from kgraph.sync.promote import PROMOTE
from kgraph.sync.start import Elsewhere
from tests.unit.sync.graphs import CATALOGUE, extract, extract_one, objects


def _properties(text: str) -> dict[str, Any]:
    return dict(extract_one(text).resource.properties)


def _fingerprint(text: str) -> str:
    return extract_one(text).resource.fingerprint


def test_node_has_what_the_documentation_says() -> None:
    """The properties of a node are those of docs/graph.md, in Neo4j's types."""
    extracted = extract_one("""
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  uid: u
  resourceVersion: "7"
  generation: 3
  creationTimestamp: "2024-05-01T10:00:00Z"
  deletionTimestamp: "2024-05-02T10:00:00+02:00"
  labels: {b: "2", a: "1"}
  managedFields: [{manager: kubectl}]
spec: {replicas: 2}
""")
    resource = extracted.resource
    properties = dict(resource.properties)
    assert json.loads(properties.pop("manifest"))["metadata"] == {
        "name": "web",
        "namespace": "shop",
        "uid": "u",
        "resourceVersion": "7",
        "generation": 3,
        "creationTimestamp": "2024-05-01T10:00:00Z",
        "deletionTimestamp": "2024-05-02T10:00:00+02:00",
        "labels": {"b": "2", "a": "1"},
    }
    assert properties == {
        "managers": "{}",
        "key": "c/apps/Deployment/shop/web",
        "cluster": "c",
        "group": "apps",
        "kind": "Deployment",
        "version": "v1",
        "namespace": "shop",
        "name": "web",
        "uid": "u",
        "resourceVersion": "7",
        "generation": 3,
        "createdAt": datetime(2024, 5, 1, 10, tzinfo=UTC),
        "lastChanged": datetime(2024, 5, 1, 10, tzinfo=UTC),
        "deletedAt": datetime(2024, 5, 2, 8, tzinfo=UTC),
        "labels": ["a=1", "b=2"],
        "fingerprint": resource.fingerprint,
        "edgesFingerprint": resource.edges_fingerprint,
        "replicas": 2,
        "health": "PROGRESSING",
        "healthReason": "being deleted",
    }
    assert (resource.key, resource.label, resource.uid, resource.resource_version) == (
        "c/apps/Deployment/shop/web",
        "Deployment",
        "u",
        "7",
    )
    assert resource.edges_fingerprint.startswith(f"{len(resource.edges)}:")


@pytest.mark.parametrize(
    ("text", "key", "label"),
    [
        ("{kind: Node}", "c/core/Node/_/x", "Node"),
        ("{kind: Node, metadata: {namespace: stray}}", "c/core/Node/_/x", "Node"),
        ("{apiVersion: extensions/v1beta1, kind: Ingress}", "c/networking.k8s.io/Ingress/shop/x", "Ingress"),
        ("{apiVersion: events.k8s.io/v1, kind: Event}", "c/core/Event/shop/x", "Event"),
        (
            "{apiVersion: serving.knative.dev/v1, kind: Service}",
            "c/serving.knative.dev/Service/shop/x",
            "Service.serving.knative.dev",
        ),
        (
            "{apiVersion: snapshot.storage.k8s.io/v1, kind: VolumeSnapshot}",
            "c/snapshot.storage.k8s.io/VolumeSnapshot/shop/x",
            "VolumeSnapshot.snapshot.storage.k8s.io",
        ),
    ],
    ids=["cluster-scoped", "a stray namespace", "a group of old", "an Event", "a namesake", "a CRD under k8s.io"],
)
def test_key_and_label(text: str, key: str, label: str) -> None:
    """One resource has one key, whichever API serves it, and kinds of one name never mix."""
    resource = extract_one(text).resource
    assert (resource.key, resource.label) == (key, label)


def test_list_item_is_as_the_object_itself() -> None:
    """Items of a list have no kind; their node is the same all the same."""
    (obj,) = objects("{kind: Pod, spec: {nodeName: n}}")
    item = {key: value for key, value in obj.items() if key not in ("kind", "apiVersion")}
    assert Extractor("c", CATALOGUE).extract(item, "", "v1", "Pod") == extract(obj)


@pytest.mark.parametrize(
    ("labels", "annotations", "marked"),
    [
        (None, None, False),
        ({"app": "web"}, {"a": "b"}, False),
        ({"app.kubernetes.io/instance": "web"}, None, True),
        (None, {"argocd.argoproj.io/tracking-id": "web:/ConfigMap:shop/x"}, True),
    ],
)
def test_objects_that_may_be_an_application_s_are_marked(
    labels: dict[str, str] | None, annotations: dict[str, str] | None, *, marked: bool
) -> None:
    """An unchanged object need not be read again, unless it may ask who deploys it where Argo CD is served."""
    metadata = Metadata(labels=labels, annotations=annotations)
    assert Extractor("c", CATALOGUE).is_marked(metadata) is marked
    assert Extractor("c", CATALOGUE).is_plain("", "ConfigMap")
    assert not Extractor("c", Catalogue()).is_marked(metadata)


def test_references_of_several_templates_say_which_they_are_of() -> None:
    """A JobSet's edges name the template that each place is in."""
    template = "{spec: {template: {spec: {containers: [{image: nginx}]}}}}"
    resource = extract_one(f"""
apiVersion: jobset.x-k8s.io/v1alpha2
kind: JobSet
spec: {{replicatedJobs: [{{name: a, template: {template}}}, {{name: b, template: {template}}}]}}
""").resource
    fields = {edge.type: edge.fields for edge in resource.edges}
    at = "spec.replicatedJobs[{}].template.spec.template.spec."
    assert fields["RUNS_IMAGE"] == tuple(f"{at.format(job)}containers[0].image" for job in (0, 1))
    assert fields["RUNS_AS"] == tuple(f"{at.format(job)}serviceAccountName" for job in (0, 1))


def test_order_of_keys_is_no_change() -> None:
    """A YAML snapshot and the server agree on what an object is."""
    assert _fingerprint("{kind: ConfigMap, data: {a: '1', b: '2'}}") == _fingerprint(
        "{data: {b: '2', a: '1'}, kind: ConfigMap}"
    )


def test_clusters_share_what_was_compiled_and_not_their_keys() -> None:
    """A second cluster of the same kinds compiles nothing again, and its edges end in itself."""
    (pod,) = objects("{kind: Pod, metadata: {namespace: shop}, spec: {volumes: [{configMap: {name: web}}]}}")
    ends = []
    for cluster in ("first", "second"):
        compiled = plan_of.cache_info().misses
        edges = Extractor(cluster, Catalogue()).extract(pod, "", "v1", "Pod").resource.edges
        ends.append({edge.end for edge in edges if edge.end.endswith("/web")})
    assert plan_of.cache_info().misses == compiled
    assert ends == [{"first/core/ConfigMap/shop/web"}, {"second/core/ConfigMap/shop/web"}]


def test_another_conclusion_from_the_same_object_is_a_change(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule of health that changes with a new version of the program makes the first sync write what it changed."""
    pod, config = "{kind: Pod, status: {phase: Running}}", "{kind: ConfigMap}"
    before = _fingerprint(pod), _fingerprint(config)
    monkeypatch.setattr("kgraph.sync.extract.plan_of", Plan)  # as another process would, it compiles anew
    found = {_fingerprint(pod)}
    for verdict in (Verdict(Health.DEGRADED), Verdict(Health.DEGRADED, "a"), Verdict(Health.DEGRADED, "a", "b"), None):
        monkeypatch.setattr("kgraph.sync.plan.health_rule", lambda _, said=verdict: lambda _: said)
        found.add(_fingerprint(pod))
    assert len(found) == 5
    assert before[1] == _fingerprint(config)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("{kind: Pod, metadata: {resourceVersion: '1'}}", "{kind: Pod, metadata: {resourceVersion: '2'}}"),
        ("{kind: Pod, metadata: {managedFields: []}}", "{kind: Pod}"),
        (
            "{apiVersion: coordination.k8s.io/v1, kind: Lease, spec: {renewTime: '1'}}",
            "{apiVersion: coordination.k8s.io/v1, kind: Lease, spec: {renewTime: '2'}}",
        ),
        (
            "{kind: Node, status: {conditions: [{type: Ready, status: 'True', lastHeartbeatTime: '1'}]}}",
            "{kind: Node, status: {conditions: [{type: Ready, status: 'True', lastHeartbeatTime: '2'}]}}",
        ),
        (
            "{kind: ConfigMap, metadata: {annotations: {control-plane.alpha.kubernetes.io/leader: '1'}}}",
            "{kind: ConfigMap, metadata: {annotations: {control-plane.alpha.kubernetes.io/leader: '2'}}}",
        ),
        (
            "{kind: ConfigMap, metadata: {name: cluster-autoscaler-status}, data: {status: a}}",
            "{kind: ConfigMap, metadata: {name: cluster-autoscaler-status}, data: {status: b}}",
        ),
    ],
    ids=["resourceVersion", "managedFields", "a Lease renewed", "a Node's heartbeat", "a leader", "the autoscaler"],
)
def test_noise_is_no_change(before: str, after: str) -> None:
    """An idle fleet costs nothing: what only beats leaves the fingerprint as it is."""
    assert _fingerprint(before) == _fingerprint(after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("{kind: Pod, status: {phase: Pending}}", "{kind: Pod, status: {phase: Running}}"),
        (
            "{kind: Node, status: {conditions: [{type: Ready, status: 'True'}]}}",
            "{kind: Node, status: {conditions: [{type: Ready, status: 'False'}]}}",
        ),
        ("{kind: ConfigMap, data: {status: a}}", "{kind: ConfigMap, data: {status: b}}"),
        ("{kind: Secret, metadata: {resourceVersion: '1'}}", "{kind: Secret, metadata: {resourceVersion: '2'}}"),
        ("{kind: ConfigMap, metadata: {labels: {a: b}}}", "{kind: ConfigMap}"),
    ],
    ids=["phase", "a condition", "data", "a Secret's rotation", "labels"],
)
def test_change_is_a_change(before: str, after: str) -> None:
    """Whatever a reader would call a change has another fingerprint."""
    assert _fingerprint(before) != _fingerprint(after)


def test_secret_values_are_nowhere() -> None:
    """Neither a Secret's values nor the annotation that repeats them get into the node; key names and sizes do."""
    (secret,) = objects("""
kind: Secret
type: Opaque
metadata:
  annotations: {kubectl.kubernetes.io/last-applied-configuration: '{"data": {"password": "aHVudGVyMg=="}}', note: kept}
data: {password: aHVudGVyMg==, empty: ""}
stringData: {token: s3cr3t-t0k3n}
""")
    before = copy.deepcopy(secret)
    extracted = extract(secret)
    assert secret == before, "the caller's object is left as it is"
    text = repr(extracted)
    assert not any(value in text for value in ("aHVudGVyMg", "hunter2", "s3cr3t"))
    properties = extracted.resource.properties
    assert properties["dataKeys"] == ["empty", "password", "token"]
    assert properties["dataSizes"] == [0, 7, 12]
    assert json.loads(properties["manifest"])["metadata"]["annotations"] == {"note": "kept"}


def test_secret_redacted_before_is_the_same() -> None:
    """Redacting is done twice, and the second time changes nothing."""
    (secret,) = objects("{kind: Secret, data: {password: aHVudGVyMg==}}")
    assert extract(redact(copy.deepcopy(secret), "", "Secret")) == extract(secret)


PROMOTED: list[tuple[str, dict[str, Any]]] = [
    (
        """
kind: Pod
spec:
  nodeName: n1
  serviceAccountName: robot
  containers: [{name: web, resources: {requests: {cpu: 100m, memory: 1Gi}, limits: {memory: 2Gi}}}]
status:
  phase: Running
  podIP: 10.0.0.1
  hostIP: 10.1.0.1
  qosClass: Burstable
  startTime: "2024-05-01T10:00:00Z"
  conditions: [{type: Ready, status: "False"}]
  initContainerStatuses: [{restartCount: 1, state: {terminated: {exitCode: 0, reason: Completed}}}]
  containerStatuses:
    - {name: web, restartCount: 2, state: {waiting: {reason: CrashLoopBackOff}},
       lastState: {terminated: {exitCode: 137, reason: OOMKilled}}}
""",
        {
            "phase": "Running",
            "nodeName": "n1",
            "podIP": "10.0.0.1",
            "hostIP": "10.1.0.1",
            "qosClass": "Burstable",
            "serviceAccountName": "robot",
            "ready": False,
            "restarts": 3,
            "reason": "CrashLoopBackOff",
            "oomKilled": ["web"],
            "cpuRequest": 0.1,
            "memoryRequest": 2.0**30,
            "memoryLimit": 2.0**31,
            "containerResources": '{"web":[0.1,1073741824.0,null,2147483648.0]}',
            "startedAt": datetime(2024, 5, 1, 10, tzinfo=UTC),
        },
    ),
    ("{kind: Pod, status: {phase: Failed, reason: Evicted}}", {"phase": "Failed", "reason": "Evicted"}),
    (
        """
kind: Node
spec: {unschedulable: true}
status:
  conditions: [{type: Ready, status: "True"}]
  nodeInfo: {kubeletVersion: v1.37.0, osImage: Debian}
  capacity: {cpu: "4", memory: 16Gi, pods: 110}
  allocatable: {cpu: 3800m, memory: 15Gi}
  addresses: [{type: Hostname, address: n1}, {type: InternalIP, address: 10.0.0.1}]
""",
        {
            "ready": True,
            "unschedulable": True,
            "kubeletVersion": "v1.37.0",
            "osImage": "Debian",
            "internalIP": "10.0.0.1",
            "cpuCapacity": 4.0,
            "cpuAllocatable": 3.8,
            "memoryCapacity": 16 * 2.0**30,
            "memoryAllocatable": 15 * 2.0**30,
        },
    ),
    ("{kind: Node}", {"unschedulable": False}),
    (
        (
            "{kind: Service, spec: {type: LoadBalancer, clusterIP: 10.0.0.1, ports: [{port: 80}, {port: 443}]}, "
            "status: {loadBalancer: {ingress: [{ip: 1.2.3.4}, {hostname: lb.example.com}]}}}"
        ),
        {
            "type": "LoadBalancer",
            "clusterIP": "10.0.0.1",
            "externalIPs": [],
            "ports": [80, 443],
            "loadBalancerAddresses": ["1.2.3.4", "lb.example.com"],
        },
    ),
    (
        "{apiVersion: apps/v1, kind: DaemonSet, status: {desiredNumberScheduled: 3, numberReady: 2}}",
        {"replicas": 3, "readyReplicas": 2},
    ),
    (
        (
            "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, spec: {ingress: [{}], "
            "egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}]}]}}"
        ),
        {
            "policyTypes": ["Ingress", "Egress"],
            "allowsAllIngress": True,
            "allowsAllEgress": False,
            "ingressIpBlocks": [],
            "egressIpBlocks": ["10.0.0.0/8 except 10.1.0.0/16"],
        },
    ),
    (
        "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, spec: {policyTypes: [Ingress], egress: [{}]}}",
        {
            "policyTypes": ["Ingress"],
            "allowsAllIngress": False,
            "allowsAllEgress": False,
            "ingressIpBlocks": [],
            "egressIpBlocks": [],
        },
    ),
    (
        "{apiVersion: policy/v1, kind: PodDisruptionBudget, spec: {minAvailable: 50%}}",
        {"minAvailable": "50%"},
    ),
    (
        (
            "{kind: Event, type: Warning, reason: BackOff, message: stop, count: 4, "
            "lastTimestamp: '2024-05-01T10:00:00Z', source: {component: kubelet}}"
        ),
        {
            "type": "Warning",
            "reason": "BackOff",
            "message": "stop",
            "count": 4,
            "lastSeenAt": datetime(2024, 5, 1, 10, tzinfo=UTC),
            "source": "kubelet",
        },
    ),
    (
        "{apiVersion: events.k8s.io/v1, kind: Event, note: stop, series: {count: 9}, reportingController: k}",
        {"message": "stop", "count": 9, "source": "k"},
    ),
    (
        (
            "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, spec: {group: g, "
            "scope: Cluster, names: {kind: K, plural: ks}, "
            "versions: [{name: v1, served: true}, {name: v0, served: false}]}}"
        ),
        {
            "definesGroup": "g",
            "definesKind": "K",
            "definesPlural": "ks",
            "scope": "Cluster",
            "servedVersions": ["v1"],
        },
    ),
    (
        (
            "{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, spec: {gatewayClassName: c, "
            "listeners: [{name: http}, {name: https}]}, status: {addresses: [{value: 192.0.2.1}], conditions: ["
            "{type: Accepted, status: 'True'}, {type: Programmed, status: 'False'}]}}"
        ),
        {
            "gatewayClassName": "c",
            "listeners": ["http", "https"],
            "addresses": ["192.0.2.1"],
            "accepted": True,
            "programmed": False,
        },
    ),
    *(
        (f"{{apiVersion: networking.istio.io/v1, kind: Sidecar, spec: {spec}}}", {"selectsAll": selects_all})
        for spec, selects_all in (
            ("{}", True),
            ("{workloadSelector: {}}", True),
            ("{workloadSelector: {labels: {}}}", True),
            ("{workloadSelector: {labels: {app: web}}}", False),
        )
    ),
    *(
        (f"{{apiVersion: networking.istio.io/v1, kind: Gateway, spec: {spec}}}", wanted)
        for spec, wanted in (
            ("{servers: [{hosts: [a, b]}, {hosts: [c]}]}", {"hosts": ["a", "b", "c"], "selectsAll": True}),
            ("{selector: {istio: gate}}", {"hosts": [], "selectsAll": False}),
        )
    ),
]


@pytest.mark.parametrize(
    ("text", "wanted"),
    PROMOTED,
    ids=lambda value: None if isinstance(value, dict) else value.replace("\n", " ")[:40],
)
def test_promoted_properties(text: str, wanted: dict[str, Any]) -> None:
    """What an SRE filters on is a property of its own, absent where the object does not say it."""
    properties = {name: value for name, value in _properties(text).items() if name not in RESOURCE_PROPERTIES}
    assert properties == wanted


@pytest.mark.parametrize("kind", [*KINDS, *CUSTOM_KINDS], ids=lambda kind: str(kind.group_kind))
def test_promoted_names_shadow_nothing(kind: Any) -> None:
    """A promoted property never takes the place of one that every node has."""
    assert not RESOURCE_PROPERTIES & kind.promote.keys()


@pytest.mark.parametrize(
    ("named", "known"),
    [
        ({row.find for row in EDGE_ROWS if row.find}, FIND),
        ({row.follow for row in EDGE_ROWS if row.follow}, FOLLOW),
        (
            {
                source[1:]
                for kind in (*KINDS, *CUSTOM_KINDS)
                for source in kind.promote.values()
                if source.startswith("@")
            },
            PROMOTE,
        ),
    ],
    ids=["find", "follow", "promote"],
)
def test_tables_and_functions_name_each_other(named: set[str], known: Any) -> None:
    """Every function that a table names is there, and every function is named."""
    assert named == set(known)


def test_object_without_a_name_has_no_key() -> None:
    """What cannot be told apart is refused, in a sentence that says what was looked at."""
    extractor = Extractor("prod", Catalogue())
    for obj in ({}, {"metadata": None}, {"metadata": {"name": "a/b"}}, {"metadata": {"name": 7}}):
        with pytest.raises(Unidentified, match=r"a Pod in cluster prod is named .* metadata\.name"):
            extractor.extract(obj, "", "v1", "Pod")


def test_what_is_malformed_is_reported() -> None:
    """A text where a map should be is skipped, and said."""
    extracted = extract_one("""
kind: Pod
metadata: {labels: {a: 1}}
spec: {nodeName: 7, volumes: text, containers: [{envFrom: [{configMapRef: text}]}, {env: {a: b}}]}
""")
    assert set(extracted.problems) == {
        "metadata.labels has 'a': 1, which are no texts",
        "spec.nodeName names 7, which is no text",
        "spec.volumes is a text where a list was expected",
        "spec.containers[0].envFrom[0].configMapRef is 'text' where a map was expected",
        "spec.containers[1].env is a map where a list was expected",
    }


def test_keys_that_are_no_texts_have_no_order_either() -> None:
    """A YAML snapshot whose keys are numbers has one fingerprint, however they are ordered."""
    assert _fingerprint("{kind: ConfigMap, data: {7: a, b: c}}") == _fingerprint(
        "{kind: ConfigMap, data: {b: c, '7': a}}"
    )


def test_half_a_surrogate_pair_is_reported() -> None:
    """YAML can say what is no Unicode text; it becomes a question mark, and said."""
    extracted = extract_one('{kind: ConfigMap, data: {a: "\\ud800"}}')
    assert json.loads(extracted.resource.properties["manifest"])["data"] == {"a": "?"}
    assert "a text is no text" in extracted.problems[0]


def test_plain_kind_needs_no_object() -> None:
    """The fact of a plain kind is the same from its head as from the whole object."""
    extractor = Extractor("c", CATALOGUE)
    assert extractor.is_plain("", "Pod")
    assert not extractor.is_plain("", "Service")
    assert not extractor.is_plain("storage.k8s.io", "StorageClass")
    assert not extractor.is_plain("shop.example.com", "Basket")
    for text in ("{kind: Pod, metadata: {labels: {a: b}}}", "{kind: Namespace}", "{kind: Node}"):
        extracted = extract_one(text)
        assert extracted.queries == ()
        key = ResourceKey.parse(extracted.fact.key)
        labels = {name: value for name, value in extracted.fact.labels.items() if "/" not in name}
        assert extractor.plain_fact(key, labels) == extracted.fact


@pytest.mark.parametrize(
    ("homes", "namespace"),
    [({}, "cert-manager"), ({"cert-manager": "infra"}, "infra"), ({"keda": "infra"}, "cert-manager")],
    ids=["where its project has it", "elsewhere", "another controller elsewhere"],
)
def test_a_cluster_scoped_object_has_its_secrets_where_its_controller_runs(
    homes: dict[str, str], namespace: str
) -> None:
    """A ClusterIssuer's Secrets are in the namespace of cert-manager, which the configuration may say."""
    issuer = {"metadata": {"name": "ca"}, "spec": {"ca": {"secretName": "pair"}}}
    extractor = Extractor("c", CATALOGUE, elsewhere=Elsewhere(homes=homes))
    edges = extractor.extract(issuer, "cert-manager.io", "v1", "ClusterIssuer").resource.edges
    assert [edge.end for edge in edges if edge.type == "USES_SECRET"] == [f"c/core/Secret/{namespace}/pair"]


def test_kinds_that_ask_elsewhere_are_read_again_when_the_answer_is_another() -> None:
    """A cluster or namespace of the configuration changes the digest of the kinds that name such, and of no other."""
    before, after = (
        Extractor("c", CATALOGUE, elsewhere=elsewhere)
        for elsewhere in (Elsewhere(), Elsewhere({"east": "e"}, {"cert-manager": "infra"}))
    )
    asking = [("argoproj.io", "Application"), ("cert-manager.io", "ClusterIssuer")]
    assert all(before.digest(*kind) != after.digest(*kind) for kind in asking)
    others = [("", "Pod"), ("apps", "Deployment"), ("argoproj.io", "AppProject")]
    assert all(before.digest(*kind) == after.digest(*kind) == "" for kind in others)
