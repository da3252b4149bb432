"""The graph: its model, its kinds, edges and health as tables, its errors, and the Neo4j store.

Here belongs what every reader and writer of the graph must agree on. Nothing here knows the Kubernetes API,
GraphQL or a command line, and only `store`, `wire` and `driver_errors` know the driver.
"""
