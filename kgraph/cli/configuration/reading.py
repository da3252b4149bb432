"""The configuration: one frozen value of a YAML file and the environment.

An environment variable wins over the file, and the file over the default. What nobody knows, and what this version
cannot do, is an error that names the file or variable, the key's path, the value, and what is allowed.
"""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import yaml

from kgraph.api.callers.tenants import Tenant
from kgraph.api.prices import Prices
from kgraph.api.settings import IssuerSettings, TokenReviewSettings
from kgraph.cli.configuration.authentication import check_authentication
from kgraph.cli.configuration.feeds import check_feeds
from kgraph.cli.configuration.kafka import kafka_settings
from kgraph.cli.configuration.listener import check_listener
from kgraph.cli.configuration.tenants import check_tenants
from kgraph.cli.configuration.values import read_value
from kgraph.cli.errors import BadConfiguration
from kgraph.cli.settings.setting import Setting, Takes
from kgraph.cli.settings.table import SETTINGS
from kgraph.discreet import Discreet
from kgraph.feed.configured import FeedSettings
from kgraph.feed.kafka_settings import KafkaSettings
from kgraph.graphdb.catalogue import is_builtin
from kgraph.graphdb.edges import EDGE_ROWS
from kgraph.kube.given import CLUSTER_ID, ID_RULE
from kgraph.kube.settings import ClusterSettings
from kgraph.sync.options import OwnKind
from kgraph.sync.start import is_name

_ROWS: Mapping[str, Mapping[str, Setting]] = {
    parent: {row.name: row for row in SETTINGS if row.parent == parent} for parent in {row.parent for row in SETTINGS}
}
_REDIS = re.compile(r"(rediss?|unix)://\S+")
_PRICES = ("cpu_hour", "memory_gib_hour", "storage_gib_month", "node_hour")
# Controllers in whose namespace cluster-scoped objects have what they name, by the namespace that it usually is.
_CONTROLLERS = frozenset(row.home for row in EDGE_ROWS if row.home)


class Authentication(msgspec.Struct, frozen=True):
    """Who knows the callers of the API; nobody, where both are empty."""

    token_review: tuple[TokenReviewSettings, ...] = ()
    oidc: tuple[IssuerSettings, ...] = ()


class Configuration(Discreet, frozen=True, kw_only=True):
    """What the file and the environment say; periods in seconds, sizes in bytes. `warnings` are for the user to see."""

    shown = ("neo4j_uri",)

    clusters: tuple[ClusterSettings, ...] = ()
    default_namespace: str = "default"
    watch_resources: tuple[str, ...] = ()
    controller_namespaces: tuple[str, ...] = ()
    resync_period: float = 600.0
    worker_pool_size: int = 4
    worker_id: str = ""
    worker_group: str = "kubernetes-adapter"
    worker_session: float = 10.0
    worker_heartbeat: float = 1.0
    enable_mutations: bool = False
    enable_rbac: bool = True
    enable_cache: bool = True
    cache_ttl: float = 30.0
    redis_url: str = ""
    authentication: Authentication = Authentication()
    allowed_hosts: tuple[str, ...] = ()
    tenants: tuple[Tenant, ...] = ()
    tls_cert_file: str = ""
    tls_key_file: str = ""
    tls_client_ca_file: str = ""
    trusted_proxies: tuple[str, ...] = ()
    rate_limit: float = 100.0
    rate_burst: int = 200
    streams_per_caller: int = 100
    connections_limit: int = 4096
    connections_per_address: int = 512
    header_timeout: float = 10.0
    body_timeout: float = 30.0
    audit_retention: float = 7_776_000.0
    history_changes: int = 20
    history_retention: float = 86_400.0
    usage_interval: float = 60.0
    outbox_limit: int = 256 * 1024 * 1024
    metrics_host: str = "127.0.0.1"
    metrics_port: int = 9090
    ready_max_lag: float = 900.0
    prices: Prices | None = None
    enable_relationships: bool = True
    enable_custom_resources: bool = True
    custom_resource_definitions: tuple[OwnKind, ...] = ()
    feeds: tuple[FeedSettings, ...] = ()
    schema_registry_url: str = ""
    neo4j_uri: str = ""
    neo4j_user: str = "neo4j"
    neo4j_password: str = ""
    neo4j_database: str = "neo4j"
    kafka: KafkaSettings | None = None
    warnings: tuple[str, ...] = ()


def load(config: str, environ: Mapping[str, str]) -> Configuration:
    """Read the configuration: `config` is what `--config` says, "" where it was not given; else CLUSTERS_CONFIG."""
    text, source = _text_of(config, "--config") if config else _text_of(environ.get("CLUSTERS_CONFIG", ""))
    values = _read_section(_document(text, source), "", "", source)
    for row in _ROWS[""].values():
        if environ.get(row.variable):
            values[row.name] = _from_variable(row, environ[row.variable])
    for cluster in values.get("clusters", ()):
        _check_cluster(cluster, source)
    _check_controllers(values.get("controller_namespaces", ()), source)
    _check_unique([cluster["id"] for cluster in values.get("clusters", ())], source)
    _check_prices(values.get("prices"), source)
    _check_custom(values.get("custom_resource_definitions", ()), source)
    check_authentication(values.get("authentication"), source)
    check_tenants(values, source)
    check_listener(values, source)
    check_feeds(values, source)
    known = {name: value for name, value in values.items() if name in Configuration.__struct_fields__}
    graph = {
        name: environ[name.upper()]
        for name in ("neo4j_uri", "neo4j_user", "neo4j_password", "neo4j_database", "redis_url")
        if environ.get(name.upper())
    }
    if graph.get("redis_url") and not _REDIS.match(graph["redis_url"]):
        raise BadConfiguration("REDIS_URL is <hidden>; allowed is redis://host:port/0, rediss://… or unix://…")
    warnings: tuple[str, ...] = ()
    kafka = kafka_settings(environ)
    if values.get("feeds") and kafka is None:
        warnings = ("feeds is set, and has no effect without Kafka: set KAFKA_BOOTSTRAP_SERVERS",)
    found = msgspec.convert({**known, **graph, "warnings": warnings}, Configuration)
    _check_worker(found, source)
    return msgspec.structs.replace(found, kafka=kafka)


def _check_controllers(listed: Iterable[str], source: str) -> None:
    for each in listed:
        controller, equals, namespace = each.partition("=")
        if controller not in _CONTROLLERS or not equals or not is_name(namespace):
            raise BadConfiguration(
                f"{source}: controller_namespaces has {each!r}; write the controller and its namespace, such as "
                f"cert-manager=infra, the controller being one of {', '.join(sorted(_CONTROLLERS))}"
            )


def _text_of(config: str, source: str = "CLUSTERS_CONFIG") -> tuple[str, str]:
    """The YAML's text and how errors call it."""
    if not config:
        return "", source
    if "\n" in config or config.lstrip().startswith("{") or ": " in config:
        return config, source
    path = Path(config).expanduser()
    try:
        return path.read_text("utf-8"), str(path)
    except (OSError, UnicodeDecodeError) as cause:
        why = cause.strerror if isinstance(cause, OSError) else "it is no UTF-8 text"
        raise BadConfiguration(f"the configuration {path} (of {source}) cannot be read: {why}") from cause


class _Loader(yaml.SafeLoader):
    """YAML in which a key that is written twice is an error, not a matter of which comes last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, str) and key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} is there twice", key_node.start_mark
                )
            seen.add(key if isinstance(key, str) else repr(key))
        return super().construct_mapping(node, deep)


def _loaded(text: str) -> Any:
    """The value of a YAML document; YAMLError where it is none, and where PyYAML itself trips over it."""
    try:
        return yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader
    except ValueError:
        # Without its words, which quote the text.
        raise yaml.YAMLError("it has a date or a number that is none") from None
    except RecursionError:
        raise yaml.YAMLError("it is nested too deeply") from None


def _document(text: str, source: str) -> dict[str, Any]:
    try:
        document = _loaded(text)
    except yaml.YAMLError as cause:
        raise BadConfiguration(f"{source} is no YAML: {_fault(cause)}") from None
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise BadConfiguration(f"{source}: should hold settings such as `clusters:`, and is {_form(document)}")
    return document


def _read_section(section: Mapping[Any, Any], parent: str, place: str, source: str) -> dict[str, Any]:
    """The values of a section whose rows have the given parent; `place` is its path with the lists' positions."""
    rows = _ROWS[parent]
    values: dict[str, Any] = {}
    for name, value in section.items():
        path = f"{place}.{name}" if place else str(name)
        row = rows.get(name)
        if row is None:
            raise BadConfiguration(f"{source}: there is no setting {path}{_did_you_mean(str(name), rows)}")
        if value is not None:  # `clusters:` with nothing after it is what a user leaves who comments all out
            values[row.name] = _read(row, value, path, source)
    for row in rows.values():
        if row.required and not values.get(row.name):
            raise BadConfiguration(f"{source}: {place}.{row.name} is missing: {row.meaning}")
    return values


def _read(row: Setting, value: Any, path: str, source: str) -> Any:
    shown = _shown(row, value)
    try:
        found = read_value(row, value)
    except ValueError as allowed:
        raise BadConfiguration(f"{source}: {path} is {shown:.80}; allowed is {allowed}") from allowed
    if row.takes is Takes.SECTION:
        return _read_section(found, row.key, path, source)
    if row.takes is Takes.SECTIONS:
        return [_read_section(item, row.key, f"{path}[{position}]", source) for position, item in enumerate(found)]
    return found


def _shown(row: Setting, value: Any) -> str:
    """What an error says of a value: of a section no more than what it is, for a login may stand in it."""
    if row.secret:
        return "<hidden>"
    return _form(value) if row.takes in (Takes.SECTION, Takes.SECTIONS) else _written(value)


def _form(value: Any) -> str:
    match value:
        case dict():
            return "a map"
        case list():
            return "a list"
        case str():
            return "a text"
    return _written(value)


def _fault(error: yaml.YAMLError) -> str:
    """What is wrong and where, without the text around it, in which a login may stand."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:
        return " ".join(str(error).split())
    return f"{getattr(error, 'problem', None) or error} in line {mark.line + 1}, column {mark.column + 1}"


def _written(value: Any) -> str:
    """A value as YAML has it: true, "5d", [1]."""
    return yaml.safe_dump(value, default_flow_style=True, width=1000).removesuffix("...\n").strip()


def _from_variable(row: Setting, text: str) -> Any:
    value: Any = text
    if row.takes in (Takes.SECTION, Takes.SECTIONS):
        try:
            value = _loaded(text)
        except yaml.YAMLError as cause:
            raise BadConfiguration(f"{row.variable} is no YAML: {_fault(cause)}") from None
    return _read(row, value, row.name, f"the variable {row.variable}")


def _check_cluster(cluster: Mapping[str, Any], source: str) -> None:
    if not CLUSTER_ID.fullmatch(cluster["id"]):
        raise BadConfiguration(f"{source}: the cluster id {cluster['id']!r} cannot stand in a key; {ID_RULE}")
    if (cluster.get("auth_method") == "snapshot") is not bool(cluster.get("snapshot_path")):
        raise BadConfiguration(
            f"{source}: cluster {cluster['id']}: auth_method snapshot and snapshot_path belong together"
        )
    if cluster.get("auth_method") == "snapshot" and cluster.get("parts"):
        raise BadConfiguration(f"{source}: cluster {cluster['id']}: a snapshot is read once and has no parts")
    if (cluster.get("auth_method") == "oidc") is not bool(cluster.get("oidc")):
        raise BadConfiguration(f"{source}: cluster {cluster['id']}: auth_method oidc and oidc belong together")


def _check_unique(ids: list[str], source: str) -> None:
    twice = sorted({each for each in ids if ids.count(each) > 1})
    if twice:
        raise BadConfiguration(f"{source}: two clusters have the id {twice[0]!r}; each needs its own")


def _check_worker(found: Configuration, source: str) -> None:
    if not 0 < found.worker_heartbeat <= found.worker_session / 3:
        raise BadConfiguration(
            f"{source}: worker_heartbeat is {found.worker_heartbeat:g} s, with a worker_session of "
            f"{found.worker_session:g} s; allowed is at most a third of it, so that one that is lost is not the end"
        )


def _check_custom(kinds: Sequence[Mapping[str, Any]], source: str) -> None:
    seen: dict[tuple[str, str], int] = {}
    for at, kind in enumerate(kinds):
        place, group = f"{source}: custom_resource_definitions[{at}]", kind["group"]
        if is_builtin(group):
            raise BadConfiguration(f"{place}.group is {group}; allowed is a custom kind's group, no Kubernetes' own")
        before = seen.setdefault((group, kind["plural"]), at)
        if before != at:
            raise BadConfiguration(
                f"{place} is {kind['plural']}.{group}, as custom_resource_definitions[{before}] is: say all of a kind "
                "in one place"
            )


def _check_prices(prices: Mapping[str, Any] | None, source: str) -> None:
    if prices is None:
        return
    if not any(each.get(name) for each in (prices, *prices.get("rules", ())) for name in _PRICES):
        raise BadConfiguration(f"{source}: prices has no price above 0: give one, or leave prices out")
    for at, rule in enumerate(prices.get("rules", ())):
        place, label = f"{source}: prices.rules[{at}]", rule.get("node_label", "")
        if label and not re.fullmatch(r"[^=\s]+=[^=\s]*", label):
            raise BadConfiguration(
                f"{place}.node_label is {label!r}; allowed is a label with its value, such as "
                "node.kubernetes.io/instance-type=m5.large"
            )
        if "node_hour" in rule and ("cpu_hour" in rule or "memory_gib_hour" in rule):
            raise BadConfiguration(f"{place} prices a whole Node and its parts: give node_hour, or the others")
        if label and "storage_gib_month" in rule:
            raise BadConfiguration(f"{place} prices storage by a Node's label: storage is a cluster's, leave one out")


def _did_you_mean(name: str, rows: Mapping[str, Setting]) -> str:
    near = difflib.get_close_matches(name.lower().replace("-", "_"), rows, n=1)
    return f"; did you mean {near[0]}?" if near else f"; there are {', '.join(rows)}"


def cluster_id(text: str) -> str:
    """A cluster id made of any name, such as a kubeconfig context's: what cannot stand in a key becomes `-`."""
    return re.sub(r"[^A-Za-z0-9]+$|^[^A-Za-z0-9]+", "", re.sub(r"[^A-Za-z0-9._-]+", "-", text)) or "cluster"
