"""The settings, one row each: what they are called, what they take, what they mean, and what this version cannot do.

The reference (docs/reference/settings.md), the reading of files and variables, and their errors come from here.
"""

from enum import StrEnum
from typing import Any

import msgspec

from kgraph.graphdb.edges import OWN_EDGE_TYPES
from kgraph.graphdb.edges.row import EFFECTS

# Nine digits: more than anything here counts, and a number to every library.
WHOLE_MOST = 999_999_999


class Takes(StrEnum):
    """What a setting takes."""

    TEXT = "text"
    NUMBER = "number"
    WHOLE = "whole number"
    SWITCH = "true or false"
    DURATION = "duration"
    CHOICE = "one of"
    LIST = "list of texts"
    SECTION = "section"
    SECTIONS = "list of sections"
    KIND = "kind"
    PATH = "JSONPath"
    PATHS = "names and their JSONPaths"


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One setting. `key` is its path: `clusters[].tls_config.ca_file`.

    `default` is written as a user would write it; `least` and `most` bound whole numbers. `only` is the one value that
    this version can honour, with `because` for whoever sets another: a setting is never taken and then ignored.
    """

    key: str
    takes: Takes
    meaning: str
    default: Any = ""
    choices: tuple[str, ...] = ()
    required: bool = False
    least: int = 1
    most: int = WHOLE_MOST
    only: Any = msgspec.UNSET
    because: str = ""

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.key.rpartition(".")[2].removesuffix("[]")

    @property
    def parent(self) -> str:
        """The path of the section that it is in, "" at the top."""
        return self.key.rpartition(".")[0]

    @property
    def variable(self) -> str:
        """The environment variable that sets it, "" for one inside a section."""
        return "" if self.parent else self.name.upper()


class Variable(msgspec.Struct, frozen=True, kw_only=True):
    """An environment variable that is no key of the file."""

    name: str
    meaning: str
    default: str = ""
    choices: tuple[str, ...] = ()
    because: str = ""  # why this version cannot honour it, "" where it does


SETTINGS: tuple[Setting, ...] = (
    Setting(key="clusters[]", takes=Takes.SECTIONS, default=[], meaning="the clusters to keep in the graph"),
    Setting(
        key="clusters[].id",
        takes=Takes.TEXT,
        required=True,
        meaning="the cluster's name in keys and queries: letters, digits, `-`, `_`, `.`; never to be changed",
    ),
    Setting(key="clusters[].name", takes=Takes.TEXT, meaning="a name for people; the id where there is none"),
    Setting(key="clusters[].environment", takes=Takes.TEXT, meaning="such as `dev`, `staging`, `prod`"),
    Setting(key="clusters[].region", takes=Takes.TEXT, meaning="where it runs"),
    Setting(
        key="clusters[].auth_method",
        takes=Takes.CHOICE,
        default="kubeconfig",
        choices=("kubeconfig", "service_account", "token", "oidc", "in_cluster", "snapshot"),
        meaning="where the login comes from; `snapshot` reads a dump instead of a server",
    ),
    Setting(
        key="clusters[].kubeconfig_path",
        takes=Takes.TEXT,
        meaning="a kubeconfig file, or several with `:` between; else KUBECONFIG, else ~/.kube/config",
    ),
    Setting(key="clusters[].kubeconfig_context", takes=Takes.TEXT, meaning="its context; else the current one"),
    Setting(
        key="clusters[].service_account_token",
        takes=Takes.TEXT,
        meaning="the token of `service_account` and `token`; better in a file",
    ),
    Setting(
        key="clusters[].service_account_token_file",
        takes=Takes.TEXT,
        meaning="a file with the token, read again when it is renewed",
    ),
    Setting(key="clusters[].oidc", takes=Takes.SECTION, meaning="the login of auth_method `oidc`"),
    Setting(key="clusters[].oidc.issuer_url", takes=Takes.TEXT, required=True, meaning="who issues the tokens"),
    Setting(key="clusters[].oidc.client_id", takes=Takes.TEXT, required=True, meaning="who we are to the issuer"),
    Setting(
        key="clusters[].oidc.refresh_token_file",
        takes=Takes.TEXT,
        required=True,
        meaning="a file with the refresh token; where the issuer gives a new one, it is written back",
    ),
    Setting(key="clusters[].oidc.client_secret_file", takes=Takes.TEXT, meaning="a file with the client's secret"),
    Setting(
        key="clusters[].oidc.ca_file",
        takes=Takes.TEXT,
        meaning="PEM file of the issuer's authority; else the system's. Its certificate is always checked",
    ),
    Setting(
        key="clusters[].api_server_url",
        takes=Takes.TEXT,
        meaning="the apiserver's address; the kubeconfig's and the Pod's own where there is none",
    ),
    Setting(key="clusters[].tls_config", takes=Takes.SECTION, meaning="how the server proves itself, and how we do"),
    Setting(key="clusters[].tls_config.ca_file", takes=Takes.TEXT, meaning="PEM file of the server's authority"),
    Setting(key="clusters[].tls_config.cert_file", takes=Takes.TEXT, meaning="PEM file of our certificate"),
    Setting(key="clusters[].tls_config.key_file", takes=Takes.TEXT, meaning="PEM file of its key"),
    Setting(
        key="clusters[].tls_config.ca_data", takes=Takes.TEXT, meaning="the authority itself, PEM, in place of a file"
    ),
    Setting(
        key="clusters[].tls_config.cert_data",
        takes=Takes.TEXT,
        meaning="our certificate itself, PEM, in place of a file",
    ),
    Setting(key="clusters[].tls_config.key_data", takes=Takes.TEXT, meaning="its key itself, PEM; better in a file"),
    Setting(
        key="clusters[].tls_config.server_name",
        takes=Takes.TEXT,
        meaning="the name that the server's certificate must have, where it is not the address's",
    ),
    Setting(
        key="clusters[].tls_config.insecure_skip_verify",
        takes=Takes.SWITCH,
        default=False,
        meaning="trust any certificate: whoever is on the way can read the login",
    ),
    Setting(key="clusters[].qps", takes=Takes.NUMBER, default=50, meaning="requests a second at most; 0: no limit"),
    Setting(key="clusters[].burst", takes=Takes.WHOLE, default=100, meaning="requests at once before `qps` holds"),
    Setting(
        key="clusters[].timeout",
        takes=Takes.DURATION,
        default="30s",
        meaning="how long an answer may be silent before it counts as lost",
    ),
    Setting(
        key="clusters[].snapshot_path",
        takes=Takes.TEXT,
        meaning="a folder or file of manifests, for auth_method `snapshot`; `-` is standard input",
    ),
    Setting(
        key="default_namespace",
        takes=Takes.TEXT,
        default="default",
        meaning="the namespace of operations, and of manifests in a snapshot, that name none",
    ),
    Setting(
        key="watch_resources[]",
        takes=Takes.LIST,
        default=[],
        meaning="kinds to sync: `pods`, `deployments.apps`, `*.cert-manager.io`; `-events` leaves one out, "
        "`+endpoints` takes one in; none: all but `endpoints`, which repeat the EndpointSlices",
    ),
    Setting(
        key="enable_cache",
        takes=Takes.SWITCH,
        default=True,
        only=False,
        because="there is no result cache: every query asks the graph",
        meaning="keep results of queries",
    ),
    Setting(
        key="cache_ttl",
        takes=Takes.DURATION,
        default="30s",
        only=0.0,
        because="there is no result cache: every query asks the graph",
        meaning="how long results are kept",
    ),
    Setting(
        key="enable_rbac",
        takes=Takes.SWITCH,
        default=True,
        only=False,
        because="reads are not filtered by the caller's rights, so the API listens on loopback only",
        meaning="filter reads and check mutations by Kubernetes' own rights",
    ),
    Setting(
        key="enable_relationships",
        takes=Takes.SWITCH,
        default=True,
        meaning="keep the edges; without them there are only those to where a resource is, its namespace or cluster",
    ),
    Setting(
        key="resync_period",
        takes=Takes.DURATION,
        default="10m",
        meaning="how often all is listed again and compared with the graph; 0: never",
    ),
    Setting(
        key="history_changes",
        takes=Takes.WHOLE,
        least=0,
        most=1000,
        default=20,
        meaning="how many changes of each resource are remembered, the latest; 0: none",
    ),
    Setting(
        key="history_retention",
        takes=Takes.DURATION,
        default="24h",
        meaning="how long a deleted resource can still be found; 0: not at all",
    ),
    Setting(
        key="worker_pool_size",
        takes=Takes.WHOLE,
        default=4,
        meaning="how many transactions the clusters of one worker may have under way together; each has one at most",
    ),
    Setting(
        key="enable_mutations",
        takes=Takes.SWITCH,
        default=False,
        meaning="let callers of the API add clusters and remove them; without it the schema has no mutations",
    ),
    Setting(
        key="enable_custom_resources",
        takes=Takes.SWITCH,
        default=True,
        meaning="sync the instances of every CustomResourceDefinition",
    ),
    Setting(
        key="custom_resource_definitions[]",
        takes=Takes.SECTIONS,
        default=[],
        meaning="the custom kinds to sync, with properties and edges of your own; none: all custom kinds",
    ),
    Setting(key="custom_resource_definitions[].group", takes=Takes.TEXT, required=True, meaning="the kind's API group"),
    Setting(
        key="custom_resource_definitions[].plural",
        takes=Takes.TEXT,
        required=True,
        meaning="its plural, as the API has it: `databases`",
    ),
    Setting(
        key="custom_resource_definitions[].version",
        takes=Takes.TEXT,
        meaning="the version that the paths are for; where it is not served, and unless told, the server's choice",
    ),
    Setting(
        key="custom_resource_definitions[].promote",
        takes=Takes.PATHS,
        meaning="properties of its nodes, and where in the object they are: `engine: .spec.engine`. A path with `[*]` "
        "or `..` gives a list, any other one value; a property whose name ends in `At` is a DateTime",
    ),
    Setting(
        key="custom_resource_definitions[].edges[]",
        takes=Takes.SECTIONS,
        meaning="what it refers to; where this is given, even as `[]`, nothing is inferred from its schema",
    ),
    Setting(
        key="custom_resource_definitions[].edges[].type",
        takes=Takes.CHOICE,
        required=True,
        choices=OWN_EDGE_TYPES,
        meaning="the edge's type",
    ),
    Setting(
        key="custom_resource_definitions[].edges[].end",
        takes=Takes.KIND,
        required=True,
        meaning="the kind that it refers to, with its group unless that is core: `StorageClass.storage.k8s.io`",
    ),
    Setting(
        key="custom_resource_definitions[].edges[].path",
        takes=Takes.PATH,
        required=True,
        meaning="where the reference is: a name, or an object that has one",
    ),
    Setting(
        key="custom_resource_definitions[].edges[].name",
        takes=Takes.PATH,
        default=".name",
        meaning="where the name is: in what `path` finds, or in the whole object where it begins with `$`",
    ),
    Setting(
        key="custom_resource_definitions[].edges[].namespace",
        takes=Takes.PATH,
        meaning="where the namespace is, as with `name`; the resource's own where it is not said",
    ),
    Setting(
        key="custom_resource_definitions[].edges[].optional",
        takes=Takes.SWITCH,
        default=False,
        meaning="whether the resource can do without it",
    ),
    Setting(
        key="custom_resource_definitions[].edges[].on_delete",
        takes=Takes.CHOICE,
        default="degrades",
        choices=EFFECTS,
        meaning="what becomes of the resource when what it refers to is deleted",
    ),
    Setting(
        key="custom_resource_definitions[].edges[].on_failure",
        takes=Takes.CHOICE,
        default="nothing",
        choices=EFFECTS,
        meaning="the same when what it refers to fails",
    ),
)

VARIABLES: tuple[Variable, ...] = (
    Variable(name="CLUSTERS_CONFIG", meaning="the configuration: a file's path, or the YAML itself"),
    Variable(name="NEO4J_URI", meaning="your Neo4j, such as `bolt://host:7687`; `kgraph up` starts one without it"),
    Variable(name="NEO4J_USER", default="neo4j", meaning="who logs in to it"),
    Variable(name="NEO4J_PASSWORD", meaning="the password"),
    Variable(name="NEO4J_DATABASE", default="neo4j", meaning="the database in it"),
    Variable(
        name="KGRAPH_CREDENTIALS_KEY",
        meaning="the key that seals the credentials of clusters which are added at run time: 32 bytes in URL-safe "
        "base64; several with commas between, of which the first seals and all open",
    ),
    Variable(
        name="LOG_LEVEL",
        choices=("debug", "info", "warning", "error"),
        meaning="what is logged, on standard error; unless told, `info` by `worker` and `serve`, `error` by the others",
    ),
    Variable(
        name="LOG_FORMAT",
        default="console",
        choices=("console", "json"),
        meaning="for people, or one JSON object a line; `json` where standard error is no terminal",
    ),
    Variable(name="KGRAPH_API", meaning="the address that `graph`, `impact`, `path` and `cypher` ask"),
    Variable(name="KGRAPH_DATA", meaning="the folder that `kgraph up` keeps its Neo4j in; see `--data`"),
    Variable(name="KGRAPH_CACHE", meaning="the folder of what was fetched and built; else in ~/.cache"),
    Variable(name="NO_COLOR", meaning="anything: no colours"),
    Variable(name="KAFKA_BOOTSTRAP_SERVERS", meaning="the change feed's brokers", because="there is no change feed"),
    Variable(name="REDIS_URL", meaning="the shared result cache", because="there is no result cache"),
    Variable(name="OTEL_EXPORTER_OTLP_ENDPOINT", meaning="where traces and metrics go", because="none are exported"),
)
