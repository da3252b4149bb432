"""Every statement that answers a caller is told what they see, or is on a list that says why it need not be."""

import pytest

from kgraph import cypher

EXEMPT = {
    "as_written": "the sync reads it",
    "await_indexes": "reads no resource",
    "back_up_audit": "`kgraph backup` reads as the operator",
    "back_up_deleted": "`kgraph backup` reads as the operator",
    "back_up_histories": "`kgraph backup` reads as the operator",
    "back_up_registrations": "`kgraph backup` reads as the operator",
    "back_up_restored_histories": "`kgraph backup` reads as the operator",
    "back_up_usage": "`kgraph backup` reads as the operator",
    "before": "the sync reads it",
    "called": "the sync reads it",
    "clusters": "`clusters` leaves out what is counted",
    "cluster_amounts": "`measured` leaves out what is counted",
    "contents_to_check": "`kgraph check` reads as the operator",
    "controllers": "`listed` narrows what is shown of it",
    "declared": "drift is for who sees everything of both clusters",
    "declared_kinds": "drift is for who sees everything of both clusters",
    "edges_to_check": "`kgraph check` reads as the operator",
    "facts": "of nodes that another statement has shown",
    "holds_cluster": "the sync reads it",
    "histories": "of nodes that another statement has shown",
    "idempotency_key": "of one caller, by a digest of their name and their key",
    "kind_state": "the sync reads it",
    "kinds_by_key": "the sync reads it",
    "kinds_in_graph": "the sync reads it",
    "kinds_of_clusters": "kinds are no secret: discovery shows them to everybody",
    "labels": "tells whether a seen resource's namespace is marked as personal; for others `listed` narrows its keys",
    "last_samples": "of Pods that another statement has shown",
    "last_samples_of": "of Pods and Nodes that another statement has shown",
    "manifests": "of nodes that another statement has shown",
    "matched_edges": "the sync reads it",
    "metered_claims": "its prefixes are of what may be listed, and `listed` narrows what they lead to",
    "metered_nodes": "its prefixes are of what may be listed",
    "metered_pods": "its prefixes are of what may be listed, and `listed` narrows what they lead to",
    "meterings": "whether a cluster's usage is known is no secret",
    "namespaces": "names of which each is reviewed",
    "node": "`nodes.named` asks for the name first",
    "nodes_to_check": "`kgraph check` reads as the operator",
    "outbox": "the sync reads it",
    "outbox_size": "the sync reads it",
    "is_fed": "the sync reads it",
    "outboxes_beside": "the sync reads it",
    "outboxes_of_nobody": "the sync reads it",
    "parts_in_step": "the sync reads it",
    "rbac_bindings": "for who may list the RBAC that decides",
    "rbac_grants": "for who may list the RBAC that decides",
    "rbac_origins": "for who may list the RBAC that decides",
    "rbac_roles": "for who may list the RBAC that decides",
    "rbac_state": "for who may list the RBAC that decides",
    "readiness": "reads no resource",
    "rebuilds": "`kgraph rebuild` reads as the operator",
    "answers": "reads nothing",
    "registration": "the registry reads it",
    "resources_to_tell": "the sync reads it",
    "restored_histories": "the sync reads it",
    "schema_version": "reads no resource",
    "shards": "the sync reads it",
    "shown_state": "waits for what the caller has just changed, and tells only that it came",
    "states": "drift is for who sees everything of both clusters",
    "synced_kinds": "the sync reads it",
    "touched": "no caller is shown it: it says whether what is kept still stands",
    "uncontrolled": "drift is for who sees everything of both clusters",
    "usage_histories": "the sync reads it",
    "walk": "`walk_seen` is for who does not see everything",
    "walk_from": "`walk_seen` is for who does not see everything",
}


@pytest.mark.parametrize("name", cypher.statements("read"))
def test_statement_is_told_what_the_caller_sees(name: str) -> None:
    """A new statement shows nobody anything before somebody has thought of who may see it."""
    short = name.removeprefix("read/")
    assert (".sight" in cypher.statement(name)) is (short not in EXEMPT)


def test_exempt_statements_exist() -> None:
    """The list names no statement that is gone."""
    assert EXEMPT.keys() <= {name.removeprefix("read/") for name in cypher.statements("read")}
