"""Changes for a caller: what a mutation means, whether it may be, the request to the cluster, the audit.

Here belongs the one way in which a cluster, or the registry of clusters, is changed. GraphQL and REST only say what is
wanted.
"""
