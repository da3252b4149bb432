"""Clusters into the graph: reflector -> extract (pure) -> selector index -> batch -> writer.

Here belongs what turns what a cluster says into what the graph holds, and the checker that compares the two.
Nothing here answers a query.
"""
