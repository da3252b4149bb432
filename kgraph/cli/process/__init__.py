"""What a process that runs for long is made of: its workers, its API, its feed, its metrics, its end.

Here belongs what `kgraph up`, `kgraph serve` and `kgraph worker` share; each of them is put together in a module of
`kgraph.cli` itself.
"""
