"""What can go wrong with the graph.

    GraphError
    ├── GraphUnavailable   Neo4j does not answer; worth trying again
    ├── GraphLoginRefused  Neo4j refuses the user or the password
    ├── GraphTimeout       a statement took longer than it may
    ├── StatementRefused   Neo4j refuses a statement: syntax, parameters, rights, memory
    ├── SchemaTooNew       the graph was made by a later version of this program
    ├── BackupUnusable     a backup is damaged, or of a later version; nothing was written
    └── Fenced             another worker has taken the cluster over; nothing was written

The driver's own errors end in `store`; each is the cause of one of these.
"""

from collections.abc import Sequence


class GraphError(Exception):
    """Something about the graph failed; the message says what was attempted and what the reader can do."""


class GraphUnavailable(GraphError):
    """Neo4j does not answer, or answers that it cannot now: the same call may succeed later."""


class GraphLoginRefused(GraphError):
    """Neo4j refuses the user or the password."""


class GraphTimeout(GraphError):
    """A statement was ended because it took longer than it may."""


class StatementRefused(GraphError):
    """Neo4j refuses a statement; `code` is Neo4j's own status code."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class SchemaTooNew(GraphError):
    """The graph's schema is of a later version of this program, which must not be undone by an earlier one."""


class BackupUnusable(GraphError):
    """A file cannot be restored: it is damaged, no backup, or of a later version. Nothing of it was written."""


class Fenced(GraphError):
    """Another worker has raised a cluster's epoch; this one's transaction wrote nothing. `clusters` are those taken."""

    def __init__(self, message: str, clusters: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.clusters = tuple(clusters)
