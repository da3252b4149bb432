"""The configuration: what is read, what wins, and what a mistake is told."""

from enum import Enum
from pathlib import Path

import msgspec
import pytest

from kgraph.api.prices import PriceRule, Prices
from kgraph.cli.configuration.reading import Configuration, cluster_id, load
from kgraph.cli.configuration.values import read_value
from kgraph.cli.errors import BadConfiguration
from kgraph.cli.settings.setting import Takes
from kgraph.cli.settings.table import SETTINGS
from kgraph.cli.working import sync_options
from kgraph.feed.configured import FeedSettings, FilterSettings
from kgraph.kube.durations import seconds
from kgraph.kube.settings import AuthMethod, ClusterSettings, OidcSettings, TlsSettings
from kgraph.sync.options import OwnEdge, OwnKind
from tests.unit.cli.mistakes import assert_told

FULL = """
clusters:
  - id: prod
    name: Production
    environment: prod
    region: eu-1
    auth_method: token
    api_server_url: https://prod.example.com:6443
    service_account_token_file: /run/token
    tls_config: {ca_file: /run/ca.pem, insecure_skip_verify: false}
    qps: 20
    burst: 40
    timeout: 1m30s
  - id: dump
    auth_method: snapshot
    snapshot_path: /dumps/today
default_namespace: shop
watch_resources: [pods, -events]
resync_period: 0
enable_relationships: false
enable_custom_resources: "no"
custom_resource_definitions:
  - group: db.example.com
    version: v1
    plural: databases
    promote: {engine: "{.spec.engine}", hosts: ".spec.replicas[*].host"}
    edges:
      - {type: USES_SECRET, end: Secret, path: .spec.credentials, namespace: .namespace, on_delete: breaks}
  - {group: db.example.com, plural: backups, edges: []}
  - {group: db.example.com, plural: users}
"""


def test_a_full_file_becomes_a_frozen_value() -> None:
    """Every key of the file ends in the value, durations in seconds."""
    configuration = load(FULL, {})
    prod, dump = configuration.clusters
    assert prod == ClusterSettings(
        id="prod",
        name="Production",
        environment="prod",
        region="eu-1",
        auth_method=AuthMethod.TOKEN,
        api_server_url="https://prod.example.com:6443",
        service_account_token_file="/run/token",
        tls_config=TlsSettings(ca_file="/run/ca.pem"),
        qps=20,
        burst=40,
        timeout=90,
    )
    assert dump.auth_method is AuthMethod.SNAPSHOT
    assert (configuration.default_namespace, configuration.resync_period) == ("shop", 0)
    assert configuration.watch_resources == ("pods", "-events")
    assert not configuration.enable_relationships
    assert not configuration.enable_custom_resources
    edge = OwnEdge(
        type="USES_SECRET", end="Secret", path=".spec.credentials", namespace=".namespace", on_delete="breaks"
    )
    promote = {"engine": "{.spec.engine}", "hosts": ".spec.replicas[*].host"}
    assert configuration.custom_resource_definitions == (
        OwnKind(group="db.example.com", version="v1", plural="databases", promote=promote, edges=(edge,)),
        OwnKind(group="db.example.com", plural="backups", edges=()),
        OwnKind(group="db.example.com", plural="users", edges=None),
    )
    assert sync_options(configuration, ()).own_kinds == configuration.custom_resource_definitions


def test_nothing_said_gives_the_defaults() -> None:
    """Without a file and without variables every setting has its default."""
    assert load("", {}) == Configuration()


@pytest.mark.parametrize("text", ["", "# all commented out\n", "clusters:\n"], ids=["empty", "comments", "bare key"])
def test_an_empty_file_is_no_mistake(tmp_path: Path, text: str) -> None:
    """A file that says nothing is as none."""
    file = tmp_path / "clusters.yaml"
    file.write_text(text)
    assert load(str(file), {}) == Configuration()


def test_the_variable_holds_a_path_or_the_yaml_itself(tmp_path: Path) -> None:
    """CLUSTERS_CONFIG is understood both ways, and --config wins over it."""
    file = tmp_path / "clusters.yaml"
    file.write_text("default_namespace: of-the-file\n")
    assert load("", {"CLUSTERS_CONFIG": str(file)}).default_namespace == "of-the-file"
    inline = {"CLUSTERS_CONFIG": "default_namespace: inline"}
    assert load("", inline).default_namespace == "inline"
    assert load(str(file), inline).default_namespace == "of-the-file"


def test_a_variable_wins_over_the_file() -> None:
    """Every key of the first level is a variable too, in capitals, and wins."""
    environ = {
        "DEFAULT_NAMESPACE": "theirs",
        "WATCH_RESOURCES": "pods, -events",
        "RESYNC_PERIOD": "1h",
        "CLUSTERS": "[{id: a}, {id: b}]",
        "NEO4J_URI": "bolt://graph:7687",
        "NEO4J_PASSWORD": "secret",
    }
    configuration = load(FULL, environ)
    assert [cluster.id for cluster in configuration.clusters] == ["a", "b"]
    assert configuration.default_namespace == "theirs"
    assert configuration.watch_resources == ("pods", "-events")
    assert configuration.resync_period == 3600
    assert (configuration.neo4j_uri, configuration.neo4j_password) == ("bolt://graph:7687", "secret")
    assert "secret" not in repr(configuration)


MISTAKES = {
    "unknown key": ("clustrs: []", "there is no setting clustrs; did you mean clusters?"),
    "unknown key of a cluster": (
        "clusters: [{id: a}, {id: b, tls_config: {ca-file: x}}]",
        "there is no setting clusters[1].tls_config.ca-file; did you mean ca_file?",
    ),
    "nothing like it": ("clusters: [{id: a, zzz: 1}]", "there is no setting clusters[0].zzz; there are id, name,"),
    "no duration": ("clusters: [{id: a, timeout: 5d}]", "clusters[0].timeout is 5d; allowed is a duration"),
    "a number is no duration": ("resync_period: 30", "resync_period is 30; allowed is a duration"),
    "no number": ("clusters: [{id: a, qps: fast}]", "clusters[0].qps is fast; allowed is a number"),
    "no whole number": ("clusters: [{id: a, burst: 1.5}]", "clusters[0].burst is 1.5; allowed is a whole number"),
    "no switch": ("clusters: [{id: a, tls_config: {insecure_skip_verify: 2}}]", "allowed is true or false"),
    "none of the choices": (
        "clusters: [{id: a, auth_method: magic}]",
        "clusters[0].auth_method is magic; allowed is one of kubeconfig, service_account,",
    ),
    "no list": ("watch_resources: {pods: yes}", "allowed is a list of texts"),
    "no section": ("clusters: [{id: a, tls_config: ca.pem}]", "clusters[0].tls_config is a text; allowed is a section"),
    "no id": ("clusters: [{name: x}]", "clusters[0].id is missing"),
    "an id that no key can have": ("clusters: [{id: a/b}]", "the cluster id 'a/b' cannot stand in a key"),
    "an id twice": ("clusters: [{id: a}, {id: a}]", "two clusters have the id 'a'"),
    "half an OIDC login": (
        "clusters: [{id: a, auth_method: oidc, oidc: {issuer_url: x, client_id: y}}]",
        "clusters[0].oidc.refresh_token_file is missing",
    ),
    "a snapshot without its path": ("clusters: [{id: a, auth_method: snapshot}]", "belong together"),
    "parts that are no map": (
        "clusters: [{id: a, parts: [events]}]",
        "clusters[0].parts is [events]; allowed is names of",
    ),
    "a part with a name that no shard has": (
        "clusters: [{id: a, parts: {Big~One: [events]}}]",
        "'Big~One' is no name: small letters, digits and `-` make one",
    ),
    "a part without kinds": ("clusters: [{id: a, parts: {events: []}}]", "events has none"),
    "a part of all kinds": ("clusters: [{id: a, parts: {all: ['*']}}]", "'*' of all is neither a kind nor `*.group`"),
    "a kind in two parts": (
        "clusters: [{id: a, parts: {one: [events], two: [pods, events]}}]",
        "events is in one and in two",
    ),
    "a snapshot in parts": (
        "clusters: [{id: a, auth_method: snapshot, snapshot_path: x, parts: {events: [events]}}]",
        "cluster a: a snapshot is read once and has no parts",
    ),
    "a key twice": ("default_namespace: a\ndefault_namespace: b\n", "the key 'default_namespace' is there twice"),
    "no YAML": ("clusters: [", "is no YAML"),
    "no mapping": ("- a\n- b\n", "should hold settings"),
    "a secret is not shown": (
        "clusters: [{id: a, service_account_token: [hunter2]}]",
        "clusters[0].service_account_token is <hidden>; allowed is a text",
    ),
    "a controller without its namespace": (
        "controller_namespaces: [cert-manager]",
        "controller_namespaces has 'cert-manager'; write the controller and its namespace, such as cert-manager=infra",
    ),
    "a controller that nothing is looked for with": (
        "controller_namespaces: [argocd=infra]",
        "the controller being one of cert-manager, keda",
    ),
    "a login in what should be a list": ("clusters: {id: a, service_account_token: hunter2}", "clusters is a map;"),
    "a login in what should be a section": (
        "clusters: [{id: a, tls_config: [{key_data: hunter2}]}]",
        "clusters[0].tls_config is a list; allowed is a section",
    ),
    "a login where settings should be": ("- {id: a, service_account_token: hunter2}", "and is a list"),
    "a login beside what is no YAML": (
        "clusters: [{id: a, service_account_token: 'hunter2}]",
        "is no YAML: found unexpected end of stream in line 1, column",
    ),
    "a custom kind without its plural": (
        "custom_resource_definitions: [{group: db.example.com}]",
        "custom_resource_definitions[0].plural is missing: its plural, as the API has it",
    ),
    "a kind of Kubernetes' own": (
        "custom_resource_definitions: [{group: apps, plural: deployments}]",
        "custom_resource_definitions[0].group is apps; allowed is a custom kind's group",
    ),
    "a custom kind twice": (
        "custom_resource_definitions: [{group: a.b, plural: c}, {group: a.b, plural: c}]",
        "custom_resource_definitions[1] is c.a.b, as custom_resource_definitions[0] is",
    ),
    "a property that every node has": (
        "custom_resource_definitions: [{group: a.b, plural: c, promote: {name: .spec.name}}]",
        (
            "custom_resource_definitions[0].promote is {name: .spec.name}; allowed is names of properties and "
            "JSONPaths, such as `engine: .spec.engine`; 'name' can be no name"
        ),
    ),
    "a promoted path that is none": (
        "custom_resource_definitions: [{group: a.b, plural: c, promote: {engine: '.spec['}}]",
        "engine has '.spec[' (unexpected end of query)",
    ),
    "an unknown edge type": (
        "custom_resource_definitions: [{group: a.b, plural: c, edges: [{type: LIKES, end: Secret, path: .spec.a}]}]",
        "custom_resource_definitions[0].edges[0].type is LIKES; allowed is one of AGGREGATES,",
    ),
    "a type that every resource has": (
        "custom_resource_definitions: [{group: a.b, plural: c, edges: [{type: OWNED_BY, end: Secret, path: .a}]}]",
        "custom_resource_definitions[0].edges[0].type is OWNED_BY; allowed is one of",
    ),
    "an end that is no kind": (
        "custom_resource_definitions: [{group: a.b, plural: c, edges: [{type: REFERS_TO, end: secrets, path: .a}]}]",
        "custom_resource_definitions[0].edges[0].end is secrets; allowed is a kind with its group unless that is core",
    ),
    "an edge's path that is none": (
        "custom_resource_definitions: [{group: a.b, plural: c, edges: [{type: REFERS_TO, end: Secret, path: '.a b'}]}]",
        "custom_resource_definitions[0].edges[0].path is .a b; allowed is a JSONPath such as .spec.secretName",
    ),
    "a meaning that is none": (
        (
            "custom_resource_definitions: [{group: a.b, plural: c, edges: "
            "[{type: REFERS_TO, end: Secret, path: .a, on_delete: explodes}]}]"
        ),
        "custom_resource_definitions[0].edges[0].on_delete is explodes; allowed is one of cascade, breaks, degrades",
    ),
    "an edge without its path": (
        "custom_resource_definitions: [{group: a.b, plural: c, edges: [{type: REFERS_TO, end: Secret}]}]",
        "custom_resource_definitions[0].edges[0].path is missing",
    ),
}


@pytest.mark.parametrize(("text", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_names_place_value_and_what_is_allowed(tmp_path: Path, text: str, words: str) -> None:
    """The error names the file, the key's path, the value, and what is allowed."""
    assert_told(tmp_path, text, words)


def test_a_mistake_in_a_variable_names_the_variable() -> None:
    """Where a variable is wrong, nobody looks for the mistake in the file."""
    with pytest.raises(BadConfiguration, match="the variable RESYNC_PERIOD: resync_period is soon"):
        load("", {"RESYNC_PERIOD": "soon"})


def test_a_file_that_is_not_there_is_named() -> None:
    """A path that leads nowhere is an error with the path in it."""
    with pytest.raises(BadConfiguration, match=r"/no/such/file\.yaml .* cannot be read: No such file"):
        load("/no/such/file.yaml", {})


@pytest.mark.parametrize(
    ("parent", "struct"),
    [
        ("clusters[]", ClusterSettings),
        ("clusters[].tls_config", TlsSettings),
        ("clusters[].oidc", OidcSettings),
        ("prices", Prices),
        ("prices.rules[]", PriceRule),
        ("custom_resource_definitions[]", OwnKind),
        ("custom_resource_definitions[].edges[]", OwnEdge),
        ("feeds[]", FeedSettings),
        ("feeds[].filter", FilterSettings),
    ],
    ids=["cluster", "tls_config", "oidc", "prices", "rule", "custom kind", "edge", "feed", "filter"],
)
def test_the_table_and_the_value_agree(parent: str, struct: type[msgspec.Struct]) -> None:
    """The table has a row for each field of a cluster's settings, with its default, and no other."""
    rows = {row.name: row for row in SETTINGS if row.parent == parent}
    fields = {field.name: field for field in msgspec.structs.fields(struct)}
    assert rows.keys() == fields.keys()
    for name, row in rows.items():
        if row.required or row.takes in (Takes.SECTION, Takes.SECTIONS, Takes.PATHS):
            continue
        defaults = ("", None) if row.default == "" else (read_value(row, row.default),)
        factory = fields[name].default_factory
        default = fields[name].default if factory is msgspec.NODEFAULT else factory()
        assert (default.value if isinstance(default, Enum) else default) in defaults


def test_the_tables_own_defaults_are_the_values() -> None:
    """What the reference calls a default is one."""
    defaults = Configuration()
    for row in SETTINGS:
        if not row.parent and row.takes not in (Takes.SECTION, Takes.SECTIONS):
            assert read_value(row, row.default) == getattr(defaults, row.name)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("30s", 30), ("5m", 300), ("1h30m", 5400), ("0", 0), ("1.5h", 5400), ("250ms", 0.25), (".5s", 0.5)],
)
def test_durations_are_those_of_go(text: str, expected: float) -> None:
    """What time.ParseDuration takes is taken."""
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "30", "5d", "1w", "1h !! 30m", "m", "-5s", "1h 30m", "5 m", "٣s"])
def test_what_go_refuses_is_refused(text: str) -> None:
    """No days, no blanks, no bare numbers, nothing negative."""
    with pytest.raises(ValueError, match="duration"):
        seconds(text)


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        ("kind-kind", "kind-kind"),
        ("arn:aws:eks:eu-1:123:cluster/prod", "arn-aws-eks-eu-1-123-cluster-prod"),
        ("admin@prod", "admin-prod"),
        ("///", "cluster"),
        ("_x_", "x"),
    ],
)
def test_any_context_makes_a_cluster_id(context: str, expected: str) -> None:
    """Whatever a context is called, its cluster gets an id that keys can have."""
    assert cluster_id(context) == expected
    assert load(f"clusters: [{{id: {cluster_id(context)}}}]", {}).clusters[0].id == expected
