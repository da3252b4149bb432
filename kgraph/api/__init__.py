"""The Litestar application: the graph, and what can be done in its clusters, for callers who are known.

Here belongs what answers a caller. Nothing here watches a cluster or writes what one says; all that a caller can change
in the graph is the registry of clusters. A request comes by way of `http` and `callers` to `graphql` or `rest`; those
ask the modules here, one question each (`impact`, `walk`, `search` …), and `usage`, which read through `reading`; or
they change something by `changing`, or follow the feed by `events`. `app` puts it together.
"""
