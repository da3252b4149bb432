"""`make bench`: our figures beside their floors, in one run on one machine.

Here belong the data set, the floors (bare clients that do the least that the task needs) and the measurements. What
is measured runs as in production: `kgraph worker` and `kgraph serve` in processes of their own, against a real
Kubernetes API and a real Neo4j. Nothing here is a test; docs/benchmarks.md says what each figure means.
"""
