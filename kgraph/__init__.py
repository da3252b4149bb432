"""A live graph of Kubernetes clusters in Neo4j.

The rooms, from the top of the house down; a room imports only what stands below it:

- `cli`: the command `kgraph`, and the only place that wires things together;
- `api`: GraphQL and REST over the graph; `sync`: clusters into the graph; `stack`: real servers as child processes;
- `feed`: the change feed, what workers send and the API passes on;
- `kube`: the Kubernetes API; `graphdb`: the model, its tables and the Neo4j store;
- `cypher`: every statement the program sends; `telemetry`: metrics, traces and alerts; and beside them what all rooms
  have in common: `backoff`, how long a loop waits after a failure; `discreet`, values that hold a login and do not show
  it; `groups`, how API groups are written; `lenient`, reading JSON that may be anything.
"""

__version__ = "0.1.0"
