"""Who asks: how a caller is known, as whom they may ask, how often, and for how long that holds.

Here belongs what happens before a question is looked at. What a caller may see is `kgraph.api.reading`'s.
"""
