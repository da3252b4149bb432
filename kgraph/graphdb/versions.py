"""The versions of the graph's schema: one row per version, the newest last.

A version makes constraints and indexes, or moves data of an older form; its statement is in `kgraph/cypher/schema`.
What is made of the clusters' objects needs no version: another program reads every object anew and writes what differs.

Programs of different versions work beside each other during a rollout, so a version is compatible unless it says that
it breaks: first one adds what the next program needs and both can live with (expand); once no older program is left, a
later version takes away what nobody reads any more (contract), and that one breaks.
"""

import msgspec


class Version(msgspec.Struct, frozen=True):
    """One version; `statement` is the file's name without its number.

    - `moves`: it changes data. Its statements are run again until they say that they have `changed` fewer than `$most`;
      what they have changed they no longer find, so that one which was broken off goes on.
    - `breaks`: programs that know only earlier versions must not work on this graph; those that run are fenced off.
    - `rebuild`: what is right by its fingerprint may still be of an older form: every cluster is to be rebuilt.
    """

    number: int
    statement: str
    moves: bool = False
    breaks: bool = False
    rebuild: bool = False

    @property
    def name(self) -> str:
        """The statement as `kgraph.cypher` has it."""
        return f"schema/{self.number:03}_{self.statement}"


VERSIONS = (
    Version(1, "keys_are_unique"),
    Version(2, "resources_by_name"),
    Version(3, "search"),
    Version(4, "health"),
    Version(5, "history"),
    Version(6, "cluster_registrations"),
    Version(7, "helm_releases"),
    Version(8, "audit"),
    Version(9, "usage"),
    Version(10, "outbox"),
    Version(11, "shards"),
    Version(12, "touched"),
    Version(13, "workers_before_leases", moves=True),
    Version(14, "restored_histories"),
)
