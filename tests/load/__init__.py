"""How the program fares under load: many clients, many clusters, an hour of changes. `python -m tests.load`."""
