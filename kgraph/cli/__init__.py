"""The command `kgraph` and the composition roots: the only place that wires the rooms together."""
