"""A dashboard's poll: a page of Deployments and Pods in one query, of which only the hash is sent again.

`dashboard.py 30` polls every 30 seconds until Ctrl-C; without a number it polls twice and ends.
"""

import hashlib
import itertools
import sys
import time
from typing import Any

import httpx
from client import connect, data, post

PAGE = """
query Page {
  allDeployments(first: 10) {
    cluster
    namespace
    name
    replicas
    availableReplicas
    pods { name phase restarts containers { image } }
  }
}
"""
HASH = hashlib.sha256(PAGE.encode()).hexdigest()
PERSISTED = {"persistedQuery": {"version": 1, "sha256Hash": HASH}}
FOCUS = "/api/v1/clusters/{cluster}/namespaces/{namespace}/deployments/{name}"


def page(http: httpx.Client) -> tuple[list[Any], str]:
    """The Deployments, and how they were asked for: the API forgets a document when it starts anew."""
    answer = post(http, {"extensions": PERSISTED})
    how = f"by its hash, {len(HASH)} characters"
    if answer.get("errors", [{}])[0].get("message") == "PersistedQueryNotFound":
        answer = post(http, {"query": PAGE, "extensions": PERSISTED})
        how = f"with its document, {len(PAGE)} characters"
    return data(answer)["allDeployments"], how


with connect() as http:
    etag = ""
    for poll in itertools.count(1):
        deployments, how = page(http)
        print(f"Poll {poll}: one query, sent {how}")
        for one in deployments:
            phases = ", ".join(sorted({pod["phase"] for pod in one["pods"]})) or "no Pods"
            restarts = sum(pod["restarts"] or 0 for pod in one["pods"])
            ready = f"{one['availableReplicas'] or 0}/{one['replicas']}"
            print(f"  {one['namespace'] + '/' + one['name']:<30}{ready:>5}  {phases:<10}{restarts:>3} restarts")
        # The one on whose details somebody looks: while it is the same, nothing of it is sent again.
        focus = http.get(FOCUS.format(**deployments[0]), headers={"If-None-Match": etag} if etag else {})
        etag = focus.headers["ETag"]
        print(f"  details of {deployments[0]['name']}: {focus.status_code}, {len(focus.content)} bytes, ETag {etag}")
        if len(sys.argv) > 1:
            time.sleep(float(sys.argv[1]))
        elif poll == 2:
            break
