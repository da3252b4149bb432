"""The functions that rows of the edge table name, of all areas: `find` and `follow`."""

from collections.abc import Mapping

from kgraph.sync import follow, follow_network, references, references_network

FIND: Mapping[str, references.Find] = {**references.FIND, **references_network.FIND}
FOLLOW: Mapping[str, follow.Follow] = {**follow.FOLLOW, **follow_network.FOLLOW}
