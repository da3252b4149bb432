"""Numbers that help texts name and commands use."""

API_HOST = "127.0.0.1"
API_PORT = 8080
METRICS_PORT = 9090
BOLT_PORT = 7687  # Neo4j's own, so that its tools find it by themselves
BROWSER_PORT = 7474
