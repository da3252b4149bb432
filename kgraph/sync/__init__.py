"""Clusters into the graph: reflector -> extract (pure) -> selector index -> batch -> writer.

Here belongs what turns what a cluster says into what the graph holds, who does that for which cluster, what is told of
it to the change feed, and the checker that compares the two.
Nothing here answers a query.
"""
