"""The functions that rows of the edge table name, of all areas: `find` and `follow`."""

from collections.abc import Mapping

from kgraph.sync import follow, references

FIND: Mapping[str, references.Find] = {**references.FIND}
FOLLOW: Mapping[str, follow.Follow] = {**follow.FOLLOW}
