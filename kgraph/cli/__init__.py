"""The command `kgraph` and the composition roots: the only place that wires the rooms together.

`everything`, `services` and `working` put together what `kgraph up`, `kgraph serve` and `kgraph worker` run; the
modules beside them do so for commands that end by themselves. Their parts are in the packages: `commands` is what can
be typed, `settings` and `configuration` what can be set, `process` what runs for long, `answers` what is printed.
"""
