"""The settings as a table, one row each: of the file, of one cluster, of the API's listener, of callers, of feeds.

Here belongs what a setting is called, takes and means; the reference and whoever reads a configuration go by it. How
one is read is `kgraph.cli.configuration`'s.
"""
