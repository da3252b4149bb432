"""The Kubernetes API, and snapshots of it: authentication, connection, discovery, list and watch, errors.

Here belongs what is true of Kubernetes without the graph. Nothing here knows Neo4j; secret values end here.
"""
