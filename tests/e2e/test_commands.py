"""The commands that ask, against a running `kgraph up` with the demo."""

import json
from collections.abc import AsyncIterator, Iterator

import neo4j
import pytest

from kgraph.cli.running import Running, find_running
from tests.e2e.conftest import Home, Up

pytestmark = [pytest.mark.neo4j, pytest.mark.timeout(1200)]

WEB = "demo/apps/Deployment/shop/web"


@pytest.fixture(scope="module")
def up(home_of_module: Home) -> Iterator[Up]:
    """A running demo."""
    with home_of_module.up() as running:
        yield running


@pytest.fixture(scope="module")
def home(home_of_module: Home, up: Up) -> Home:
    """The folders of the user who runs it."""
    return home_of_module


@pytest.fixture
def running(home: Home) -> Running:
    """What the running `up` says of itself."""
    found = find_running(home.environ)
    assert found is not None
    return found


@pytest.fixture
async def driver(home: Home, running: Running) -> AsyncIterator[neo4j.AsyncDriver]:
    """A driver on its graph, with the login that it names."""
    password = (home.data / "password").read_text().strip()
    async with neo4j.AsyncGraphDatabase.driver(running.neo4j_uri, auth=(running.neo4j_user, password)) as opened:
        yield opened


def test_a_graph_can_be_had_as_a_tree_and_as_json(home: Home) -> None:
    """The tree names what is near; the JSON is the API's answer."""
    tree = home.run("graph", "deploy/web", "-n", "shop")
    assert tree.returncode == 0, tree.stderr
    assert tree.stdout.splitlines()[0] == "Deployment shop/web in demo"
    answer = json.loads(home.run("graph", "deployment", "web", "-n", "shop", "-o", "json").stdout)
    assert answer["root"]["key"] == WEB
    assert {node["kind"] for node in answer["nodes"]} >= {"ReplicaSet", "Pod", "ConfigMap", "Secret"}


def test_a_selector_names_several(home: Home) -> None:
    """`-l` asks for each resource that has the labels."""
    answers = json.loads(home.run("graph", "pods", "-l", "app=web", "-n", "shop", "-o", "json").stdout)
    assert len(answers) == 3
    assert all(answer["root"]["name"].startswith("web-") for answer in answers)


def test_impact_names_what_breaks(home: Home) -> None:
    """What cannot work without a Secret is broken, with how many are left."""
    ended = home.run("impact", "secret/database", "-n", "shop")
    assert ended.returncode == 0, ended.stderr
    assert "When Secret shop/database in demo is deleted" in ended.stdout
    assert "Service catalog  0 of 2 left" in ended.stdout


def test_a_path_joins_two(home: Home) -> None:
    """From the Ingress to the database's login there is a chain of dependencies."""
    ended = home.run("path", "ingress/shop", "secret/database", "-n", "shop")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines()[-1] == "the first depends on the last"


def test_cypher_answers_and_writes_nothing(home: Home) -> None:
    """A query's rows come tab-separated into a pipe; a statement that writes is refused."""
    ended = home.run(
        "cypher", "-", "-p", "name=web", stdin="MATCH (d:Deployment {name: $name}) RETURN d.key AS key, d.replicas AS n"
    )
    assert ended.stdout == f"key\tn\n{WEB}\t3\n", ended.stderr
    refused = home.run("cypher", "MATCH (d:Deployment) DETACH DELETE d")
    assert refused.returncode == 1
    assert refused.stderr.startswith("Error: ")


def test_history_tells_what_is_known(home: Home) -> None:
    """A resource that has not changed says so; near it is listed what changed since, by what the objects say."""
    told = home.run("history", "deploy/web", "-n", "shop")
    assert told.returncode == 0, told.stderr
    first, second = told.stdout.splitlines()
    assert first == "Deployment shop/web in demo"
    assert second.startswith("  no change, which the graph knows since ")
    around = home.run("history", "deploy/web", "-n", "shop", "--around", "--since", "900000h")
    assert around.returncode == 0, around.stderr
    assert "ago  Deployment web" in around.stdout
    none = home.run("history", "deploy/web", "-n", "shop", "--around", "--since", "1s")
    assert none.stdout.startswith("nothing changed since 1s within 2 edges of deploy/web")
    gone = home.run("history", "pod/never", "-n", "shop")
    assert (gone.returncode, gone.stdout) == (1, "")


def test_what_is_not_there_is_one_sentence(home: Home) -> None:
    """A name that nothing has is an error in words, with exit code 1."""
    ended = home.run("graph", "deploy/nope", "-n", "shop")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "nope is not in the graph" in " ".join(ended.stderr.split())


def test_a_forgotten_namespace_is_suggested(home: Home) -> None:
    """Where there is one of that name elsewhere, the error says where."""
    ended = home.run("impact", "deploy/web")
    assert ended.returncode == 1
    assert "there is one in shop: add -n shop" in " ".join(ended.stderr.split())


async def test_check_finds_what_was_changed_by_hand(home: Home, driver: neo4j.AsyncDriver) -> None:
    """The graph of a first sync has no difference; an edge and a property made by hand are found, and only they."""
    before = home.run("check")
    assert before.returncode == 0, before.stderr + before.stdout
    assert "no difference" in before.stdout
    await driver.execute_query(
        "MATCH (a:Resource {key: $web}), (b:Resource {key: 'demo/core/Secret/shop/coupons'}) "
        "CREATE (a)-[:USES_SECRET {fields: ['x'], optional: false}]->(b)",
        web=WEB,
    )
    await driver.execute_query("MATCH (a:Resource {key: $web}) SET a.fingerprint = 'x' + a.fingerprint", web=WEB)
    after = home.run("check", "-o", "json")
    assert after.returncode == 1, after.stderr
    (report,) = json.loads(after.stdout)
    assert [(each["what"], each["key"]) for each in report["differences"]] == [
        ("edge unexpected", f"{WEB} -USES_SECRET-> demo/core/Secret/shop/coupons"),
        ("node differs", WEB),
    ]
    words = home.run("check").stdout
    assert f"node differs: {WEB}" in " ".join(words.split())


def test_a_second_up_on_the_same_data_says_who_has_it(home: Home) -> None:
    """Two cannot have one data folder; the second one says so and leaves the first alone."""
    second = home.run("up", "--once")
    assert second.returncode == 1
    assert "is in use by process" in " ".join(second.stderr.split())
    assert home.run("graph", "deploy/web", "-n", "shop").returncode == 0


def test_search_is_a_table_with_kubectls_columns(home: Home) -> None:
    """Words and filters find rows; a filter that nobody knows is refused with those that there are."""
    ended = home.run("search", "kind:deploy", "web", "ns:shop")
    assert ended.returncode == 0, ended.stderr
    head, first, *_ = ended.stdout.splitlines()
    assert head.split("\t")[:5] == ["NAMESPACE", "KIND", "NAME", "CLUSTER", "HEALTH"]
    assert first.split("\t")[:5] == ["shop", "Deployment", "web", "demo", "Healthy"]
    found = json.loads(home.run("search", "image:nginx kind:pod", "-o", "json").stdout)
    assert {hit["resource"]["kind"] for hit in found} == {"Pod"}
    assert "there is no filter 'color'" in home.run("search", "color:red").stderr


def test_two_resources_are_compared(home: Home) -> None:
    """Two Deployments differ in what they run and need; one and the same does not."""
    ended = home.run("compare", "demo:deploy/web", "deploy/cart", "-n", "shop")
    assert ended.returncode == 0, ended.stderr
    assert "fields" in ended.stdout
    assert "RUNS_IMAGE" in ended.stdout
    assert "no difference" in home.run("compare", "deploy/web", "deploy/web", "-n", "shop").stdout
    assert home.run("compare", "deploy/web", "-n", "shop").returncode == 2


def test_who_may_do_what_is_told_with_the_binding(home: Home) -> None:
    """`can-i` says yes or no with its exit code, and why; `who-can` lists everybody, a row for each binding."""
    account = ("--as", "system:serviceaccount:data:reporting")
    yes = home.run("can-i", "list", "pods", *account, "-n", "data")
    assert yes.returncode == 0, yes.stderr
    word, reason = yes.stdout.split("\n", 1)
    assert word == "yes"
    assert "RoleBinding data/reporting gives ServiceAccount data/reporting the ClusterRole view" in " ".join(
        reason.split()
    )
    no = home.run("can-i", "delete", "pods", *account, "-n", "data")
    assert (no.returncode, no.stdout.split("\n", 1)[0]) == (1, "no")
    assert home.run("can-i", "delete", "pods").returncode == 2
    who = home.run("who-can", "list", "pods", "-n", "data")
    assert who.returncode == 0, who.stderr
    rows = [line.split("\t") for line in who.stdout.splitlines()]
    assert rows[0] == ["SUBJECT", "SCOPE", "ROLE", "BINDING"]
    assert ["ServiceAccount data/reporting", "data", "ClusterRole view", "reporting"] in rows
    assert ["Group system:masters", "whole cluster", "ClusterRole cluster-admin", ""] in rows


@pytest.mark.parametrize(
    ("example", "words"),
    [
        ("fleet", "ImagePullBackOff"),
        ("dashboard", "details of gateway: 304, 0 bytes"),
        ("costs", "NO PRICE"),
        ("gitops", "there is no cluster 'git'"),
    ],
)
def test_examples_say_what_the_bare_demo_lacks(home: Home, example: str, words: str) -> None:
    """Without prices and without manifests of Git an example shows what there is, or says what is not there."""
    shown = home.run_example(example)
    assert words in shown.stdout + shown.stderr
    assert "Traceback" not in shown.stderr
