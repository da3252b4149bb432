"""A live graph of Kubernetes clusters in Neo4j.

The rooms, from the top of the house down; a room imports only what stands below it:

- `cli`: the command `kgraph`, and the only place that wires things together;
- `api`: GraphQL over the graph; `sync`: clusters into the graph; `stack`: real servers as child processes;
- `kube`: the Kubernetes API; `graphdb`: the model, its tables and the Neo4j store;
- `cypher`: every statement the program sends.
"""

__version__ = "0.1.0"
