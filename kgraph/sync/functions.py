"""The functions that rows of the edge table name, of all areas: `find` and `follow`."""

from collections.abc import Mapping

from kgraph.sync import (
    follow,
    follow_network,
    follow_operators,
    references,
    references_network,
    references_operators,
)

FIND: Mapping[str, references.Find] = {
    **references.FIND,
    **references_network.FIND,
    **references_operators.FIND,
}
FOLLOW: Mapping[str, follow.Follow] = {**follow.FOLLOW, **follow_network.FOLLOW, **follow_operators.FOLLOW}
