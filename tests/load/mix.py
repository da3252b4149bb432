"""What a day's clients ask of an API, and how often: a table of questions over the data set of the benchmarks."""

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from tests.asking import Question, graphql
from tests.bench.caching import DEPLOYMENTS, NODES, PODS, UNWELL
from tests.bench.dataset import CLUSTER
from tests.bench.walks import QUERY as GRAPH

IMPACT = """query ($c: String!, $ns: String!, $n: String!) {
  impact(cluster: $c, resourceType: "configmaps", namespace: $ns, name: $n) {
    deleted broken degraded affected { resource { key } } } }"""
SEARCH = "query ($t: String!) { search(text: $t, first: 20) { resource { key kind } matchedOn } }"
NESTED = """query ($c: String!, $ns: String!, $n: String!) {
  deployment(cluster: $c, namespace: $ns, name: $n) {
    name replicas readyReplicas
    pods(first: 20) { name phase nodeName services(first: 3) { name } configMaps(first: 3) { name } } } }"""
POD = """query ($c: String!, $ns: String!, $n: String!) {
  pod(cluster: $c, namespace: $ns, name: $n) {
    name phase ready restarts node { name } containers { name image } } }"""
SCALE = """mutation ($c: String!, $ns: String!, $n: String!, $r: Int!) {
  scaleDeployment(cluster: $c, namespace: $ns, name: $n, replicas: $r) { name replicas } }"""


class World(msgspec.Struct, frozen=True):
    """What there is to ask about, and who asks: some tenants, who see some namespaces each, and one who sees all."""

    apps: Sequence[tuple[str, str]]
    pods: Sequence[tuple[str, str]]
    everything: str
    tenants: Sequence[tuple[str, Sequence[str]]]
    replicas: int


class Asking(msgspec.Struct, frozen=True):
    """One client's choice: a place, and a token that sees it."""

    dice: random.Random
    world: World

    def question(self, row: "Row") -> Question:
        """One of a row's questions, by a tenant as often as not where the row is about namespaces."""
        world, dice = self.world, self.dice
        namespace, name = dice.choice(world.pods if row.of == "pod" else world.apps)
        token = world.everything
        able = [tenant for tenant, namespaces in world.tenants if namespace in namespaces]
        if row.tenants and able:
            token = dice.choice(able)
        return row.make(row.operation, {"c": CLUSTER, "ns": namespace, "n": name, "r": world.replicas}, token)


Make = Callable[[str, Mapping[str, Any], str], Question]


class Row(msgspec.Struct, frozen=True):
    """An operation: its share of all, what it is about, whether tenants ask it."""

    operation: str
    weight: int
    make: Make
    of: str = "app"
    tenants: bool = True


def _gql(query: str, *names: str) -> Make:
    def make(operation: str, place: Mapping[str, Any], token: str) -> Question:
        return graphql(operation, query, token, **{name: place[name] for name in names})

    return make


def _rest(path: str) -> Make:
    def make(operation: str, place: Mapping[str, Any], token: str) -> Question:
        return Question(operation, f"/api/v1/clusters/{path.format(**place)}", token=token)

    return make


def _graph(operation: str, place: Mapping[str, Any], token: str) -> Question:
    about = {"cluster": CLUSTER, "type": "deployments.apps", "namespace": place["ns"], "name": place["n"]}
    return graphql(operation, GRAPH, token, **about, depth=2)


def _search(operation: str, place: Mapping[str, Any], token: str) -> Question:
    return graphql(operation, SEARCH, token, t=f"ns:{place['ns']} {place['n']}")


MIX: Sequence[Row] = (
    Row("pods, 50 of a namespace", 18, _gql(PODS, "c", "ns")),
    Row("deployments with their Pods", 10, _gql(DEPLOYMENTS, "c", "ns")),
    Row("deployment, three levels", 10, _gql(NESTED, "c", "ns", "n")),
    Row("pod, typed", 12, _gql(POD, "c", "ns", "n"), of="pod"),
    Row("resourceGraph, depth 2", 15, _graph),
    Row("impact of a ConfigMap", 6, _gql(IMPACT, "c", "ns", "n")),
    Row("search", 8, _search),
    Row("nodes", 3, _gql(NODES, "c"), tenants=False),
    Row("what is not well", 2, _gql(UNWELL, "c"), tenants=False),
    Row("REST list of Pods", 6, _rest("{c}/namespaces/{ns}/pods?limit=100")),
    Row("REST get of a Deployment", 8, _rest("{c}/namespaces/{ns}/deployments/{n}")),
    Row("scaleDeployment", 2, _gql(SCALE, "c", "ns", "n", "r")),
)


def questions(world: World) -> Callable[[random.Random], Question]:
    """Makes one question after the other."""
    weights = [row.weight for row in MIX]

    def make(dice: random.Random) -> Question:
        return Asking(dice, world).question(dice.choices(MIX, weights)[0])

    return make
