"""What the chart promises, as it is rendered."""

import json
from typing import Any

import pytest
import yaml

from kgraph.cli.configuration.reading import load
from kgraph.stack.errors import CommandFailed
from tests.chart import ALL, FOLDER, MANIFESTS, NAME, NAMESPACE, PLAIN, TRIAL, Chart

OURS = (
    "Deployment/dictamesh-k8s-adapter",
    "StatefulSet/dictamesh-k8s-adapter-worker",
    "Pod/dictamesh-k8s-adapter-test",
)
TLS = {**PLAIN, "tls": {"existingSecret": "api-tls"}}
MTLS = {**PLAIN, "tls": {"existingSecret": "api-tls", "clientCASecret": "callers", "clientCAKey": "roots.pem"}}
VALUES = {"plain": PLAIN, "trial": TRIAL, "all": ALL, "mtls": MTLS}


@pytest.fixture(params=list(VALUES))
def values(request: pytest.FixtureRequest) -> dict[str, Any]:
    """One of several sets of values."""
    return VALUES[request.param]


async def test_helm_finds_nothing_to_say(chart: Chart, values: dict[str, Any], tmp_path: Any) -> None:
    """`helm lint --strict` is content."""
    file = tmp_path / "values.json"
    file.write_text(json.dumps(values))
    assert "0 chart(s) failed" in await chart.helm("lint", "--strict", str(FOLDER), "-f", str(file))


async def test_names_and_ports_are_those_that_others_rely_on(chart: Chart) -> None:
    """Names, ports, replicas, resources and probes are SPEC's."""
    objects = await chart.objects(PLAIN)
    for kind in ("ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Deployment", "Service"):
        assert objects.one(kind)
    assert objects.one("ConfigMap", "k8s-adapter-config")["data"].keys() == {"clusters.yaml"}
    assert objects.one("Deployment")["spec"]["replicas"] == 3
    assert {port["port"] for port in objects.one("Service")["spec"]["ports"]} == {8080, 9090}
    api = objects.container("api")
    assert {port["containerPort"] for port in api["ports"]} == {8080, 9090}
    assert api["resources"] == {
        "requests": {"cpu": "500m", "memory": "512Mi"},
        "limits": {"cpu": "2", "memory": "2Gi"},
    }
    assert api["livenessProbe"]["httpGet"]["path"] == "/health/live"
    assert api["readinessProbe"]["httpGet"]["path"] == "/health/ready"
    assert {each["metadata"]["namespace"] for each in objects.all if "namespace" in each["metadata"]} == {NAMESPACE}


async def test_every_pod_has_no_more_rights_on_its_node_than_it_needs(chart: Chart, values: dict[str, Any]) -> None:
    """No root, no privileges, no capabilities, the runtime's seccomp profile; ours have a read-only root as well."""
    specs = (await chart.objects(values)).pod_specs()
    assert set(OURS) <= set(specs)
    for name, spec in specs.items():
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert spec["enableServiceLinks"] is False
        assert not spec.get("hostNetwork")
        for container in spec["containers"]:
            security = container["securityContext"]
            assert security["allowPrivilegeEscalation"] is False
            assert security["capabilities"] == {"drop": ["ALL"]}
            assert (security.get("readOnlyRootFilesystem") is True) is (name in OURS)
            assert container["resources"]["limits"]["memory"]


async def test_no_password_is_in_what_the_user_gave_a_secret_for(chart: Chart) -> None:
    """Passwords, keys and URLs with logins come from Secrets that the chart did not make."""
    values = {
        "neo4j": {"uri": "neo4j+s://graph.example.com", "existingSecret": "graph", "passwordKey": "pw"},
        "kafka": {
            "bootstrapServers": "a:9093,b:9093", "securityProtocol": "SASL_SSL", "existingSecret": "feed",
            "tlsSecret": "feed-tls", "tlsKeys": ["ca.crt"],
        },
        "redis": {"existingSecret": "cache"},
        "credentialsKey": {"existingSecret": "seal"},
    }  # fmt: skip
    objects = await chart.objects(values)
    assert objects.of("Secret") == []
    for component in ("api", "worker"):
        environment = objects.environment(component)
        from_secrets = {name: each["secretKeyRef"] for name, each in environment.items() if not isinstance(each, str)}
        assert from_secrets == {
            "NEO4J_PASSWORD": {"name": "graph", "key": "pw"},
            "KAFKA_SASL_USERNAME": {"name": "feed", "key": "username"},
            "KAFKA_SASL_PASSWORD": {"name": "feed", "key": "password"},
            "REDIS_URL": {"name": "cache", "key": "url"},
            "KGRAPH_CREDENTIALS_KEY": {"name": "seal", "key": "key"},
        }
        assert environment["KAFKA_SSL_CA_FILE"] == "/etc/kgraph/kafka/ca.crt"
        assert "KAFKA_SSL_KEY_FILE" not in environment


@pytest.mark.parametrize(
    ("values", "scheme", "probes", "asked"),
    [
        (PLAIN, "http", {("http", None)}, "http://dictamesh-k8s-adapter:8080/health/ready"),
        (TLS, "https", {("http", "HTTPS")}, "https://dictamesh-k8s-adapter:8080/health/ready"),
        (MTLS, "https", {("metrics", None)}, "http://dictamesh-k8s-adapter:9090/health/ready"),
    ],
    ids=["none", "tls", "mtls"],
)
async def test_with_tls_the_api_is_asked_over_tls(
    chart: Chart, values: dict[str, Any], scheme: str, probes: set[Any], asked: str
) -> None:
    """Probes, the Service and `helm test` follow; who has no certificate, as a kubelet, asks on the metrics' port."""
    objects = await chart.objects(values)
    api = objects.container("api")
    found = [api[name]["httpGet"] for name in ("startupProbe", "livenessProbe", "readinessProbe")]
    assert {(each["port"], each.get("scheme")) for each in found} == probes
    assert [each["path"] for each in found] == ["/health/live", "/health/live", "/health/ready"]
    (port,) = (each for each in objects.one("Service")["spec"]["ports"] if each["name"] == "http")
    assert port["appProtocol"] == scheme
    assert objects.one("Pod", f"{NAME}-test")["spec"]["containers"][0]["command"][-1] == asked


@pytest.mark.parametrize("values", [TLS, MTLS], ids=["tls", "mtls"])
async def test_certificates_are_mounted_where_the_api_looks(chart: Chart, values: dict[str, Any]) -> None:
    """Each variable names a file in a Secret that is mounted whole, and so is renewed; workers have none."""
    objects = await chart.objects(values)
    files = {name: text for name, text in objects.environment("api").items() if name.startswith("TLS_")}
    mounts = {each["mountPath"]: each for each in objects.container("api")["volumeMounts"]}
    volumes = {each["name"]: each for each in objects.one("Deployment")["spec"]["template"]["spec"]["volumes"]}
    sources = {}
    for name, file in files.items():
        folder, _, key = file.rpartition("/")
        assert "subPath" not in mounts[folder]
        sources[name] = (volumes[mounts[folder]["name"]]["secret"]["secretName"], key)
    expected = {"TLS_CERT_FILE": ("api-tls", "tls.crt"), "TLS_KEY_FILE": ("api-tls", "tls.key")}
    assert sources == expected | ({"TLS_CLIENT_CA_FILE": ("callers", "roots.pem")} if values is MTLS else {})
    assert not {name for name in objects.environment("worker") if name.startswith("TLS_")}
    worker = objects.one("StatefulSet", f"{NAME}-worker")["spec"]["template"]["spec"]
    assert not {each["name"] for each in worker["volumes"]} & {"tls", "tls-client-ca"}


@pytest.mark.parametrize(("values", "scheme"), [(PLAIN, "http"), (MTLS, "https")], ids=["none", "mtls"])
async def test_the_notes_ask_as_the_api_listens(
    chart: Chart, values: dict[str, Any], scheme: str, tmp_path: Any
) -> None:
    """What Helm tells a user to type has the API's own scheme, and with mTLS a certificate to show."""
    file = tmp_path / "values.json"
    file.write_text(json.dumps(values))
    notes = await chart.helm("install", NAME, str(FOLDER), "-n", NAMESPACE, "--dry-run=client", "-f", str(file))
    _, _, notes = notes.partition("NOTES:")
    assert f"GraphiQL is at {scheme}://" in notes
    assert ("--cert me.crt" in notes) is (values is MTLS)


async def test_a_trial_has_its_servers_and_they_are_asked_for(chart: Chart) -> None:
    """With trial.…=true the chart has Neo4j, Kafka and Redis, and the program is told of these."""
    objects = await chart.objects(TRIAL)
    environment = objects.environment("worker")
    assert environment["NEO4J_URI"] == f"bolt://{NAME}-neo4j:7687"
    assert environment["KAFKA_BOOTSTRAP_SERVERS"] == f"{NAME}-kafka:9092"
    assert environment["REDIS_URL"] == f"redis://{NAME}-redis:6379/0"
    secret = objects.one("Secret", f"{NAME}-neo4j")
    assert environment["NEO4J_PASSWORD"]["secretKeyRef"] == {"name": f"{NAME}-neo4j", "key": "password"}
    assert len(secret["data"]["password"]) >= 24
    for server in ("neo4j", "kafka", "redis"):
        (rule,) = objects.one("NetworkPolicy", f"{NAME}-{server}")["spec"]["ingress"]
        (peer,) = rule["from"]
        assert peer["podSelector"]["matchExpressions"][0]["values"] == ["api", "worker"]


async def test_the_configuration_is_one_that_the_program_takes(chart: Chart, values: dict[str, Any]) -> None:
    """clusters.yaml is read by the program as it is, with the Service's names as hosts."""
    more = {"clusters": [{"id": "prod", "kubeconfig_path": "/etc/kgraph/logins/prod-login/kubeconfig"}]}
    objects = await chart.objects({**values, **more, "config": {"resync_period": "30m"}})
    (config,) = objects.of("ConfigMap")
    found = load(config["data"]["clusters.yaml"], {})
    assert [cluster.id for cluster in found.clusters] == ["local", "prod"]
    assert found.resync_period == 1800
    assert found.enable_mutations is values.get("enableMutations", False)
    assert f"{NAME}.{NAMESPACE}.svc" in found.allowed_hosts
    assert found.authentication.token_review[0].cluster == "local"


async def test_another_configuration_is_another_pod(chart: Chart) -> None:
    """What changes clusters.yaml restarts the Pods, and nothing else does."""

    async def checksums(values: dict[str, Any]) -> set[str]:
        objects = await chart.objects({**PLAIN, **values})
        owners = objects.one("Deployment"), objects.one("StatefulSet", f"{NAME}-worker")
        return {owner["spec"]["template"]["metadata"]["annotations"]["checksum/config"] for owner in owners}

    before = await checksums({})
    assert len(before) == 1
    assert await checksums({"worker": {"replicas": 5}}) == before
    assert await checksums({"config": {"default_namespace": "shop"}}) != before


async def test_workers_have_names_that_last(chart: Chart) -> None:
    """Workers are a StatefulSet, whose Pods come back under their names, all at once."""
    workers = (await chart.objects(PLAIN)).one("StatefulSet", f"{NAME}-worker")
    assert workers["spec"]["podManagementPolicy"] == "Parallel"
    assert workers["spec"]["template"]["spec"]["containers"][0]["args"] == ["worker"]


async def test_a_worker_is_asked_how_it_is_on_its_port_of_metrics(chart: Chart) -> None:
    """Each probe of a worker goes to the port that the values name."""
    objects = await chart.objects({**PLAIN, "metrics": {"port": 9191}})
    worker = objects.container("worker")
    assert worker["ports"] == [{"name": "metrics", "containerPort": 9191}]
    paths = {name: worker[name]["httpGet"] for name in worker if name.endswith("Probe")}
    assert paths == {
        "startupProbe": {"path": "/health/live", "port": "metrics"},
        "livenessProbe": {"path": "/health/live", "port": "metrics"},
        "readinessProbe": {"path": "/health/ready", "port": "metrics"},
    }


async def test_an_autoscaler_has_the_replicas_to_itself(chart: Chart) -> None:
    """With autoscaling the Deployment names no number, which each upgrade would set again."""
    objects = await chart.objects({**PLAIN, "autoscaling": {"enabled": True, "maxReplicas": 12}})
    assert "replicas" not in objects.one("Deployment")["spec"]
    spec = objects.one("HorizontalPodAutoscaler")["spec"]
    assert (spec["scaleTargetRef"]["name"], spec["minReplicas"], spec["maxReplicas"]) == (NAME, 3, 12)
    assert (await chart.objects(PLAIN)).of("HorizontalPodAutoscaler") == []


async def test_a_drained_node_and_a_lost_zone_leave_enough(chart: Chart) -> None:
    """A disruption budget for the API and for the workers; replicas over zones and hosts."""
    objects = await chart.objects(PLAIN)
    for name, owner in (
        (NAME, objects.one("Deployment")),
        (f"{NAME}-worker", objects.one("StatefulSet", f"{NAME}-worker")),
    ):
        budget = objects.one("PodDisruptionBudget", name)["spec"]
        assert budget["maxUnavailable"] == 1
        assert budget["selector"] == owner["spec"]["selector"]
        spread = owner["spec"]["template"]["spec"]["topologySpreadConstraints"]
        assert [each["topologyKey"] for each in spread] == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
        assert {json.dumps(each["labelSelector"]) for each in spread} == {json.dumps(owner["spec"]["selector"])}


async def test_the_network_is_closed_but_for_what_is_needed(chart: Chart) -> None:
    """Out: DNS, apiservers, the ports that the values name. In: the API's port, metrics, from whom the values say."""
    monitoring = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]
    values = {
        "neo4j": {"uri": "bolt://graph.example.com:17687", "existingSecret": "neo4j"},
        "kafka": {"bootstrapServers": "a:9093, b:9094"},
        "redis": {"url": "redis://cache"},
        "networkPolicy": {"metricsFrom": monitoring, "apiServerPorts": [443]},
    }
    objects = await chart.objects(values)
    api, worker = (objects.one("NetworkPolicy", name)["spec"] for name in (NAME, f"{NAME}-worker"))
    assert api["policyTypes"] == worker["policyTypes"] == ["Ingress", "Egress"]
    ports = {port["port"] for rule in api["egress"] for port in rule["ports"]}
    assert ports == {53, 443, 17687, 9093, 9094, 6379}
    assert [rule["ports"][0]["port"] for rule in api["ingress"]] == ["http", "metrics"]
    assert [rule["ports"][0]["port"] for rule in worker["ingress"]] == ["metrics"]
    assert worker["ingress"][0]["from"] == monitoring
    assert (await chart.objects({**values, "networkPolicy": {"enabled": False}})).of("NetworkPolicy") == []


async def test_prometheus_finds_the_api_and_the_workers(chart: Chart) -> None:
    """The ServiceMonitor chooses both Services, by labels that they have, and a port that they name."""
    objects = await chart.objects({**PLAIN, "metrics": {"port": 9191, "serviceMonitor": {"enabled": True}}})
    selector = objects.one("ServiceMonitor")["spec"]["selector"]
    components = selector["matchExpressions"][0]["values"]
    chosen = [
        service
        for service in objects.of("Service")
        if selector["matchLabels"].items() <= service["metadata"]["labels"].items()
        and service["metadata"]["labels"]["app.kubernetes.io/component"] in components
    ]
    assert {service["metadata"]["name"] for service in chosen} == {NAME, f"{NAME}-worker"}
    for service in chosen:
        assert {"name": "metrics", "port": 9191, "targetPort": "metrics", "appProtocol": "http"} in service["spec"][
            "ports"
        ]
    assert objects.environment("api")["METRICS_PORT"] == objects.environment("worker")["METRICS_PORT"] == "9191"


async def test_impersonation_can_be_left_out(chart: Chart) -> None:
    """Without it the ServiceAccount reads and asks for reviews, and cannot be anybody else."""
    rules = (await chart.objects({**PLAIN, "rbac": {"impersonate": False}})).one("ClusterRole")["rules"]
    assert {verb for rule in rules for verb in rule["verbs"]} == {"list", "watch", "create"}


async def test_a_second_installation_shares_no_name(chart: Chart) -> None:
    """With fullnameOverride no object is called as one of the first."""
    first, second = await chart.objects(ALL), await chart.objects({**ALL, "fullnameOverride": "other"})

    def names(objects: Any) -> set[tuple[str, str]]:
        return {(each["kind"], each["metadata"]["name"]) for each in objects.all}

    assert names(first) & names(second) == set()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"replica": 3}, "replica"),
        ({"api": {"replicas": "three"}}, "/api/replicas"),
        ({"image": {"pullPolicy": "Sometimes"}}, "/image/pullPolicy"),
        ({"image": {"digest": "abc"}}, "/image/digest"),
        ({"neo4j": {"uri": "http://graph:7474"}}, "/neo4j/uri"),
        ({"neo4j": {"uri": "bolt://neo4j:secret@graph"}}, "/neo4j/uri"),
        ({"redis": {"url": "redis://:secret@cache"}}, "/redis/url"),
        ({"kafka": {"bootstrapServers": "kafka"}}, "/kafka/bootstrapServers"),
        ({"kafka": {"securityProtocol": "TLS"}}, "/kafka/securityProtocol"),
        ({"cluster": {"id": "a/b"}}, "/cluster/id"),
        ({"clusters": [{"name": "prod"}]}, "id"),
        ({"config": {"clusters": []}}, "clusters"),
        ({"metrics": {"port": 0}}, "/metrics/port"),
        ({"podDisruptionBudget": {"maxUnavailable": "one"}}, "/podDisruptionBudget/maxUnavailable"),
        ({"rbac": {"userExtras": ["*"]}}, "/rbac/userExtras"),
        ({"tls": {"secret": "api-tls"}}, "/tls"),
        ({"tls": {"existingSecret": "API"}}, "/tls/existingSecret"),
        ({"config": {"tls_cert_file": "/x"}}, "tls_cert_file"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_wrong_value_is_refused_by_its_path(chart: Chart, wrong: dict[str, Any], said: str) -> None:
    """The schema refuses unknown and wrong values before anything is rendered."""
    with pytest.raises(CommandFailed) as failed:
        await chart.objects({**TRIAL, **wrong})
    assert "values don't meet the specifications of the schema" in str(failed.value)
    assert said in str(failed.value)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "which Neo4j?"),
        ({"neo4j": {"uri": "bolt://graph"}}, "neo4j.existingSecret is missing"),
        ({**TRIAL, "authentication": {"tokenReview": {"enabled": False}}}, "nobody knows callers"),
        ({**TRIAL, "cluster": {"enabled": False}}, "authentication.tokenReview.cluster is missing"),
        ({**TRIAL, "enableMutations": True, "rbac": {"impersonate": False}}, "enableMutations needs rbac.impersonate"),
        ({**TRIAL, "autoscaling": {"enabled": True, "minReplicas": 9, "maxReplicas": 3}}, "maxReplicas is less"),
        ({**PLAIN, "kafka": {"bootstrapServers": "a:1", "securityProtocol": "SASL_SSL"}}, "kafka.existingSecret"),
        ({**PLAIN, "tls": {"clientCASecret": "callers"}}, "tls.existingSecret is missing"),
    ],
    ids=["no graph", "no password", "nobody known", "no reviewer", "no impersonation", "bounds", "no login", "no tls"],
)
async def test_values_that_do_not_fit_together_are_refused(chart: Chart, values: dict[str, Any], said: str) -> None:
    """What would only fail in the Pods fails at `helm install`, with what to do."""
    with pytest.raises(CommandFailed, match=said.replace("?", r"\?")):
        await chart.objects(values)


async def test_the_plain_manifests_are_the_charts(chart: Chart) -> None:
    """deploy/manifests is what the chart gives now; `make docs` writes it anew."""
    text = MANIFESTS.read_text("utf-8")
    assert text == await chart.manifests()
    assert "Secret" not in {each["kind"] for each in yaml.safe_load_all(text)}
