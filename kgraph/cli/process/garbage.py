"""Python's search for reference cycles, as suits a process that keeps much, and little of it in cycles.

What goes, goes by its reference count. The search looks at all that lives, and by default so often that it took a
quarter of a first sync's processor time, in rounds that grow with the graph and let nothing else run.
"""

import gc

# New objects until the youngest are looked at, which takes 3 ms; by default 700. A cycle that has ended keeps its
# memory that much longer.
YOUNG_OBJECTS = 10_000
# So many rounds of a generation until the next one is looked at too, as by default.
ROUNDS = 10


def search_seldom() -> None:
    """Search less often, and never in what is there already: modules and tables, which stay."""
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, ROUNDS, ROUNDS)
