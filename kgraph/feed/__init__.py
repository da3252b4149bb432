"""The change feed: what an event is, which events somebody wants, and how events come to whoever wants them.

Here belongs what the workers that send events and the API that passes them on must agree on. Nothing here reads or
writes the graph, and nothing here knows what an object becomes in it.
"""
