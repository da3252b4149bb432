"""The Litestar application: GraphQL over the graph, traversal, impact, health.

Here belongs what answers a caller. Nothing here watches a cluster or writes what one says; all that a caller can change
is the registry of clusters.
"""
