"""A GitOps engine's round: what differs from Git, what a change would touch, and whether the cluster would take it.

`gitops.py DESIRED ACTUAL` names two clusters of the graph: the manifests, read as a snapshot, and what they are for.
"""

import sys

from client import ask, connect, post

DRIFT = """
query Drift($desired: String!, $actual: String!) {
  drift(desired: $desired, actual: $actual) {
    compared
    resources { kind namespace name change fields { path desired actual } }
  }
}
"""
BLAST = """
query Blast($actual: String!, $kind: String!, $namespace: String, $name: String!) {
  impact(cluster: $actual, resourceType: $kind, namespace: $namespace, name: $name, change: DELETE) {
    deleted
    broken
    degraded
    affected { effect resource { kind name } }
  }
}
"""
MANIFEST = """
query Manifest($desired: String!, $kind: String!, $namespace: String, $name: String!) {
  resource(cluster: $desired, resourceType: $kind, namespace: $namespace, name: $name) { manifest }
}
"""
DRY_RUN = """
mutation DryRun($actual: String!, $manifest: JSON!) {
  applyResource(cluster: $actual, manifest: $manifest, fieldManager: "gitops", force: true, dryRun: true) { key }
}
"""
SHOWN = 4

desired, actual = sys.argv[1:] or ("git", "demo")
with connect() as http:
    drift = ask(http, DRIFT, desired=desired, actual=actual)["drift"]
    changed = [one for one in drift["resources"] if one["change"] != "ADDED"]
    added = len(drift["resources"]) - len(changed)
    print(f"{actual} and {desired}: {drift['compared']} compared, {len(changed)} differ, {added} more only in {actual}")
    for one in changed:
        named = {"kind": one["kind"], "namespace": one["namespace"], "name": one["name"]}
        print(f"\n{one['change']} {one['kind']} {one['namespace'] or ''}/{one['name']}")
        for field in one["fields"]:
            print(f"  {field['path']}\n    - {field['actual']}\n    + {field['desired']}")
        if one["change"] == "CHANGED":
            blast = ask(http, BLAST, actual=actual, **named)["impact"]
            counts = ", ".join(f"{blast[effect]} {effect}" for effect in ("deleted", "broken", "degraded"))
            print(f"  blast radius, should it be as good as gone: {counts}")
            for hit in blast["affected"][:SHOWN]:
                print(f"    {hit['effect']:<9}{hit['resource']['kind']} {hit['resource']['name']}")
            if len(blast["affected"]) > SHOWN:
                print(f"    and {len(blast['affected']) - SHOWN} more")
        manifest = ask(http, MANIFEST, desired=desired, **named)["resource"]["manifest"]
        answer = post(http, {"query": DRY_RUN, "variables": {"actual": actual, "manifest": manifest}})
        print(f"  dry run: {answer['errors'][0]['message'] if 'errors' in answer else 'the cluster would take it'}")
