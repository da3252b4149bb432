"""The environment variables that are no keys of the file, one row each."""

import msgspec


class Variable(msgspec.Struct, frozen=True, kw_only=True):
    """An environment variable that is no key of the file."""

    name: str
    meaning: str
    default: str = ""
    choices: tuple[str, ...] = ()


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
    Variable(name="KGRAPH_API", meaning="the address that `graph`, `impact`, `path`, `events` and `cypher` ask"),
    Variable(name="KGRAPH_TOKEN", meaning="the bearer token that they send, where the API asks who they are"),
    Variable(name="KGRAPH_TOKEN_FILE", meaning="a file with it; `--token-file` names another"),
    Variable(
        name="KGRAPH_CA_FILE",
        meaning="PEM file of the authority that the API's certificate is to be from; else the system's. `--ca-file` "
        "names another",
    ),
    Variable(name="KGRAPH_CERT_FILE", meaning="PEM file of their own certificate, where the API wants one"),
    Variable(name="KGRAPH_KEY_FILE", meaning="its key, without a password"),
    Variable(name="KGRAPH_DATA", meaning="the folder that `kgraph up` keeps its Neo4j in; see `--data`"),
    Variable(name="KGRAPH_CACHE", meaning="the folder of what was fetched and built; else in ~/.cache"),
    Variable(name="NO_COLOR", meaning="anything: no colours"),
    Variable(
        name="KAFKA_BOOTSTRAP_SERVERS",
        meaning="the brokers that the workers' change feed goes to, and from which `kgraph serve` reads it: "
        "`host:port`, several with commas between",
    ),
    Variable(
        name="KAFKA_SECURITY_PROTOCOL",
        default="PLAINTEXT",
        choices=("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"),
        meaning="how brokers are talked to",
    ),
    Variable(
        name="KAFKA_SASL_MECHANISM",
        default="PLAIN",
        choices=("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"),
        meaning="how we log in to them",
    ),
    Variable(name="KAFKA_SASL_USERNAME", meaning="who logs in to them"),
    Variable(name="KAFKA_SASL_PASSWORD", meaning="the password"),
    Variable(name="KAFKA_SSL_CA_FILE", meaning="whom their certificates are to be from; else the system's authorities"),
    Variable(name="KAFKA_SSL_CERT_FILE", meaning="our own certificate, where they want one"),
    Variable(name="KAFKA_SSL_KEY_FILE", meaning="its key"),
    Variable(
        name="REDIS_URL",
        meaning="a Redis that replicas of the API share results and access reviews in, and that carries the change "
        "feed where there is no Kafka: `redis://host:6379/0`, or `rediss://` with TLS; whoever reads it reads what is "
        "in the clusters",
    ),
    Variable(
        name="OTEL_EXPORTER_OTLP_ENDPOINT",
        meaning="a collector that takes OTLP over HTTP, such as `http://collector:4318`: traces go there; without it "
        "none are made. The other variables of OpenTelemetry's SDK hold too",
    ),
    Variable(name="OTEL_EXPORTER_OTLP_HEADERS", meaning="what is sent with them: `authorization=Bearer%20…`"),
    Variable(name="OTEL_SERVICE_NAME", default="kubernetes-adapter", meaning="what the process is called in traces"),
    Variable(name="OTEL_RESOURCE_ATTRIBUTES", meaning="what else is said of it: `k8s.pod.name=…,deployment=…`"),
    Variable(
        name="OTEL_TRACES_SAMPLER",
        default="parentbased_always_on",
        meaning="which traces are exported; `parentbased_traceidratio`, with OTEL_TRACES_SAMPLER_ARG=0.01, one in 100",
    ),
)
