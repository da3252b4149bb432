"""HTTP around every answer: what is let in, what is told of failures, what every answer carries.

Here belongs what holds whichever interface is asked. Who asks is `kgraph.api.callers.caller`'.
"""
