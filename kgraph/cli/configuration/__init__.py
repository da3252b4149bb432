"""The configuration: read from a YAML file and the environment, checked, and frozen.

Here belongs what can be wrong with one, told with its place. What there is to set is `kgraph.cli.settings.table`'.
"""
