"""The Litestar application: GraphQL over the graph, traversal, impact, health.

Here belongs what answers a caller. Nothing here writes to the graph or watches a cluster.
"""
