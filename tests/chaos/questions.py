"""What is asked of the API while a storm rages: lists, graphs, searches and single resources of the storm's own."""

import random
from collections.abc import Callable, Mapping, Sequence

from tests.asking import Question, graphql
from tests.chaos.stage import CLUSTER
from tests.chaos.storm import NAMES

LIST = """query ($c: String!, $ns: String!) { pods(cluster: $c, namespace: $ns, first: 50) {
  name phase ready nodeName configMaps(first: 5) { name } } }"""
GRAPH = """query ($c: String!, $ns: String!, $n: String!) {
  resourceGraph(cluster: $c, resourceType: "deployments.apps", namespace: $ns, name: $n) {
    nodes { key } edges { source type target } } }"""
IMPACT = """query ($c: String!, $ns: String!, $n: String!) {
  impact(cluster: $c, resourceType: "configmaps", namespace: $ns, name: $n) {
    deleted broken degraded affected { resource { key } } } }"""
SEARCH = "query ($t: String!) { search(text: $t, first: 20) { resource { key } } }"
# Of labels and images of the storm.
WORDS = ("web", "front", "nginx", "redis")
CLUSTERS = "{ clusters { id status { ready } } }"

Make = Callable[[random.Random, str], Question]
MIX: Mapping[str, tuple[int, Make]] = {
    "pods": (30, lambda dice, ns: graphql("pods", LIST, c=CLUSTER, ns=ns)),
    "resourceGraph": (20, lambda dice, ns: graphql("resourceGraph", GRAPH, c=CLUSTER, ns=ns, n=dice.choice(NAMES))),
    "impact": (10, lambda dice, ns: graphql("impact", IMPACT, c=CLUSTER, ns=ns, n=dice.choice(NAMES))),
    "search": (10, lambda dice, ns: graphql("search", SEARCH, t=f"ns:{ns} {dice.choice(WORDS)}")),
    "clusters": (5, lambda dice, ns: graphql("clusters", CLUSTERS)),
    "REST list": (15, lambda dice, ns: Question("REST list", f"/api/v1/clusters/{CLUSTER}/namespaces/{ns}/pods")),
    "REST get": (
        10,
        lambda dice, ns: Question(
            "REST get", f"/api/v1/clusters/{CLUSTER}/namespaces/{ns}/deployments/{dice.choice(NAMES)}"
        ),
    ),
}


def questions(namespaces: Sequence[str]) -> Callable[[random.Random], Question]:
    """Makes one question after the other about these namespaces."""
    rows = list(MIX.values())
    weights = [weight for weight, _ in rows]

    def make(dice: random.Random) -> Question:
        (_, maker) = dice.choices(rows, weights)[0]
        return maker(dice, dice.choice(namespaces))

    return make
