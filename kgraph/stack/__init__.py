"""Real servers as child processes: the embedded Neo4j of `kgraph up`; for tests a Kubernetes, Kafka, Redis and others.

Here belongs how a server is fetched, built, started, asked whether it is ready, and stopped. Nothing here
knows the graph's model or the Kubernetes objects that pass through the servers.
"""
