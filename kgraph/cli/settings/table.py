"""The settings, one row each: what they are called, what they take, what they mean, and what this version cannot do.

The reference (docs/reference/settings.md), the reading of files and variables, and their errors come from here.
"""

from kgraph.cli.settings.authentication import AUTHENTICATION_SETTINGS
from kgraph.cli.settings.cluster import CLUSTER_SETTINGS
from kgraph.cli.settings.feeds import FEED_SETTINGS
from kgraph.cli.settings.listener import LISTENER_SETTINGS
from kgraph.cli.settings.setting import Setting, Takes
from kgraph.graphdb.edges import OWN_EDGE_TYPES
from kgraph.graphdb.edges.row import EFFECTS

SETTINGS: tuple[Setting, ...] = (
    *CLUSTER_SETTINGS,
    *AUTHENTICATION_SETTINGS,
    *LISTENER_SETTINGS,
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
        key="controller_namespaces[]",
        takes=Takes.LIST,
        default=[],
        meaning="where controllers run that are not in the namespace of their project's documentation: "
        "`cert-manager=infra`, `keda=scaling`; there, cluster-scoped objects have their Secrets",
    ),
    Setting(
        key="enable_cache",
        takes=Takes.SWITCH,
        default=True,
        meaning="keep results of queries until what they are about changes; see docs/guides/caching.md",
    ),
    Setting(
        key="cache_ttl",
        takes=Takes.DURATION,
        default="30s",
        meaning="how long results are kept at most; 0: not at all",
    ),
    Setting(
        key="enable_rbac",
        takes=Takes.SWITCH,
        default=True,
        meaning="show callers only what Kubernetes would show them; without `authentication` nobody knows who asks, "
        "and everything is shown",
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
        key="outbox_limit",
        takes=Takes.SIZE,
        default="256Mi",
        meaning="how much of one cluster's change feed may wait in the graph while Kafka is away, packed; at four "
        "fifths of it there is an alarm, and at the limit the cluster's graph stands still until events can be sent",
    ),
    Setting(
        key="usage_interval",
        takes=Takes.DURATION,
        default="1m",
        meaning="how often a cluster's metrics API is asked what its Nodes and Pods use; 0: never",
    ),
    Setting(
        key="metrics_host",
        takes=Takes.TEXT,
        default="127.0.0.1",
        meaning="the address on which `worker` and `serve` answer `/metrics`, `/health/live` and `/health/ready`; who "
        "reaches it reads the clusters' ids and how much there is of what; `0.0.0.0`, or `::`, in a Pod",
    ),
    Setting(
        key="metrics_port",
        takes=Takes.WHOLE,
        least=0,
        most=65_535,
        default=9090,
        meaning="the port of it, and that of `up`; where 9090 is taken, any free one; 0: none",
    ),
    Setting(
        key="ready_max_lag",
        takes=Takes.DURATION,
        default="15m",
        meaning="how far the graph may be behind all of its clusters before `/health/ready` says 503; one cluster that "
        "is in step is enough. 0: however far; see docs/guides/observe.md",
    ),
    Setting(
        key="prices", takes=Takes.SECTION, meaning="what is paid, for `cost` and savings; without it none are known"
    ),
    Setting(key="prices.currency", takes=Takes.TEXT, default="USD", meaning="the currency of all of them"),
    Setting(key="prices.cpu_hour", takes=Takes.NUMBER, default=0, meaning="an hour of a core"),
    Setting(key="prices.memory_gib_hour", takes=Takes.NUMBER, default=0, meaning="an hour of a GiB of memory"),
    Setting(key="prices.storage_gib_month", takes=Takes.NUMBER, default=0, meaning="730 hours of a GiB of storage"),
    Setting(
        key="prices.rules[]",
        takes=Takes.SECTIONS,
        default=[],
        meaning="other prices for some Nodes or clusters; the first that fits counts",
    ),
    Setting(key="prices.rules[].cluster", takes=Takes.TEXT, meaning="of this cluster; of all unless told"),
    Setting(
        key="prices.rules[].node_label",
        takes=Takes.TEXT,
        meaning="of Nodes with this label: `node.kubernetes.io/instance-type=m5.large`",
    ),
    Setting(
        key="prices.rules[].node_hour",
        takes=Takes.NUMBER,
        meaning="an hour of a whole Node, divided between its cores and memory as the general prices have it",
    ),
    Setting(key="prices.rules[].cpu_hour", takes=Takes.NUMBER, meaning="an hour of a core of them"),
    Setting(key="prices.rules[].memory_gib_hour", takes=Takes.NUMBER, meaning="an hour of a GiB of memory of them"),
    Setting(key="prices.rules[].storage_gib_month", takes=Takes.NUMBER, meaning="730 hours of a GiB of storage there"),
    Setting(
        key="worker_pool_size",
        takes=Takes.WHOLE,
        default=4,
        meaning="how many transactions the clusters of one worker may have under way together; each has one at most",
    ),
    Setting(
        key="worker_id",
        takes=Takes.TEXT,
        meaning="what this worker is called among those that share the clusters, each with a name of its own; one that "
        "comes back under it has its clusters again. Else the Pod's name, if it is a StatefulSet's; others are new "
        "each time",
    ),
    Setting(
        key="worker_group",
        takes=Takes.TEXT,
        default="kubernetes-adapter",
        meaning="with Kafka, what the topic `….shards` and the consumer group `….workers` are called that share the "
        "clusters out; another one for the workers of another graph",
    ),
    Setting(
        key="worker_session",
        takes=Takes.DURATION,
        default="10s",
        meaning="with Kafka, how long a worker may be silent before its clusters go to others; the brokers allow 6s to "
        "30m unless told",
    ),
    Setting(
        key="worker_heartbeat",
        takes=Takes.DURATION,
        default="1s",
        meaning="how often it says that it lives, at most a third of `worker_session`; also how soon it hears that "
        "clusters are to change hands",
    ),
    Setting(
        key="enable_mutations",
        takes=Takes.SWITCH,
        default=False,
        meaning="let callers of the API change resources, as far as Kubernetes lets them, and add clusters and remove "
        "them; without it the schema has no mutations",
    ),
    Setting(
        key="audit_retention",
        takes=Takes.DURATION,
        default="2160h",
        meaning="how long the graph remembers who changed what through the API; 0: for ever",
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
    *FEED_SETTINGS,
)
