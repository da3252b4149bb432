"""The Kubernetes API, and snapshots of it: logins, connections, discovery, list and watch, changes, errors.

Here belongs what is true of Kubernetes without the graph, its rules too: selectors, quantities, quotas, RBAC, who owns
which field. Nothing here knows Neo4j; secret values end here.
"""
