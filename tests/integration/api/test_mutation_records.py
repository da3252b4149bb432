"""What is kept of mutations: the audit, idempotency keys, and that no secret value is in either."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kgraph.api.changing.audit_keeper import keep
from kgraph.graphdb.store import Store
from tests.integration.api.changing import APPLY, DELETE, TRAIL, Changing
from tests.servers import Cluster

pytestmark = [pytest.mark.neo4j, pytest.mark.kubernetes]

CREATE = """mutation ($ns: String!, $name: String!, $input: ConfigMapInput!, $key: String) {
  createConfigMap(cluster: "changed", namespace: $ns, name: $name, input: $input, idempotencyKey: $key) { uid }
}"""
SECRET_VALUE = "s3cr3t-marker-4711"
ALL_TEXTS = """
MATCH (n) UNWIND keys(n) AS name
WITH n, name, CASE WHEN n[name] IS :: LIST<ANY> THEN n[name] ELSE [n[name]] END AS values
WHERE any(value IN values WHERE toStringOrNull(value) CONTAINS $text)
RETURN labels(n) AS labels, name
"""


@pytest.fixture
async def changing(store: Store, control_plane: Cluster, namespace: str) -> AsyncIterator[Changing]:
    """A namespace in which alice may do everything with ConfigMaps and Secrets."""
    async with Changing.over(store, control_plane, namespace) as found:
        await found.allow("alice", ("", "configmaps secrets", "get list create patch delete"))
        yield found


async def test_a_repeated_request_gets_the_first_answer(changing: Changing) -> None:
    """The second with a key does nothing, whatever has happened since, and answers as the first did."""
    alice = changing.by("alice")
    asked: dict[str, Any] = {"ns": changing.namespace, "name": "a", "input": {"data": {"x": "1"}}, "key": "k-1"}
    first = await alice.ask(CREATE, **asked)
    await changing.api.delete(changing.path("configmaps", "a"))
    assert await alice.ask(CREATE, **asked) == first
    assert await changing.api.get(changing.path("configmaps", "a")) is None
    assert [entry["outcome"] for entry in await changing.trail()] == ["SUCCEEDED", "REPEATED"]
    deletion = {"ns": changing.namespace, "type": "cm", "name": "b", "key": "k-2"}
    await changing.api.make(changing.path("configmaps"), metadata={"name": "b"})
    assert await alice.ask(DELETE, **deletion) == await alice.ask(DELETE, **deletion) == {"deleteResource": True}


async def test_a_key_is_for_one_request_of_one_caller(changing: Changing) -> None:
    """With another body it is a CONFLICT; another caller's key of the same text is another key."""
    alice, admin = changing.by("alice"), changing.by("admin")
    asked: dict[str, Any] = {"ns": changing.namespace, "name": "a", "key": "k"}
    await alice.ask(CREATE, **asked, input={"data": {"x": "1"}})
    error = await alice.refused(CREATE, **asked, input={"data": {"x": "2"}})
    assert (error["code"], "was used for another request" in error["message"]) == ("CONFLICT", True)
    error = await admin.refused(CREATE, **asked, input={"data": {"x": "2"}})
    assert (error["code"], error["reason"]) == ("CONFLICT", "AlreadyExists")


async def test_two_at_once_are_one(changing: Changing) -> None:
    """Of many that come together with one key one is done, and all get its answer."""
    asked: dict[str, Any] = {"ns": changing.namespace, "name": "a", "input": {"data": {"x": "1"}}, "key": "k"}
    answers = await asyncio.gather(*(changing.by("alice").ask(CREATE, **asked) for _ in range(6)))
    assert len({answer["createConfigMap"]["uid"] for answer in answers}) == 1
    outcomes = sorted(entry["outcome"] for entry in await changing.trail())
    assert outcomes == ["REPEATED"] * 5 + ["SUCCEEDED"]


async def test_what_was_refused_gives_its_key_back(changing: Changing) -> None:
    """Nothing has happened: the same request may be sent again with the same key once it can succeed."""
    await changing.api.make(changing.path("configmaps"), metadata={"name": "a"})
    asked: dict[str, Any] = {"ns": changing.namespace, "name": "a", "input": {"data": {"x": "1"}}, "key": "k"}
    assert (await changing.by("alice").refused(CREATE, **asked))["code"] == "CONFLICT"
    await changing.api.delete(changing.path("configmaps", "a"))
    assert (await changing.by("alice").ask(CREATE, **asked))["createConfigMap"]["uid"]


def _secret(changing: Changing, **more: Any) -> dict[str, Any]:
    metadata = {"name": "login", "namespace": changing.namespace}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, **more}


async def test_secret_values_appear_nowhere(
    changing: Changing, store: Store, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Neither an answer, nor an error, a log, an audit line or any node has a value of a Secret that was sent."""
    caplog.set_level("DEBUG")
    alice = changing.by("alice")
    good = _secret(changing, stringData={"password": SECRET_VALUE})
    answers = [await alice.answer(APPLY, manifest=good, key="k"), await alice.answer(APPLY, manifest=good, key="k")]
    assert answers[0]["data"]["applyResource"]["manifest"]["dataSizes"] == {"password": len(SECRET_VALUE)}
    assert answers[0] == answers[1]
    bad: dict[str, dict[str, Any]] = {
        "no base64": {"data": {"password": SECRET_VALUE}},
        "no text": {"stringData": {"password": {"a": SECRET_VALUE}}},
        "no map": {"data": SECRET_VALUE},
        "no known field": {"dat": {"password": SECRET_VALUE}},
        "another type": {"type": SECRET_VALUE, "stringData": {"password": SECRET_VALUE}},
        "no such key": {"stringData": {"a b": SECRET_VALUE}},
    }
    for case, part in bad.items():
        answer = await alice.answer(APPLY, manifest=_secret(changing, **part))
        assert answer["errors"][0]["extensions"]["code"] in ("INVALID", "BAD_USER_INPUT"), (case, answer)
        answers.append(answer)
    answers.append(await alice.answer(APPLY, manifest={**good, "kind": "SecretList", "items": [good]}))
    assert SECRET_VALUE not in json.dumps(answers)
    assert SECRET_VALUE not in "".join(capsys.readouterr()) + caplog.text
    assert await store.read_text(ALL_TEXTS, {"text": SECRET_VALUE}) == []
    entries = await changing.trail(names=["login"])
    assert "stringData.password" in entries[0]["fields"]


async def test_each_mutation_is_one_line(changing: Changing, capsys: pytest.CaptureFixture[str]) -> None:
    """What the graph has of a mutation is on standard error too, as one line of JSON, with the request's trace id."""
    capsys.readouterr()
    await changing.by("alice").ask(APPLY, manifest=changing.config("a", x="1"))
    await changing.by("bob").refused(APPLY, manifest=changing.config("a", x="2"))
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines() if '"audit"' in line]
    assert [(line["user"], line["outcome"]) for line in lines] == [("alice", "SUCCEEDED"), ("bob", "REFUSED")]
    assert [line["traceId"] for line in lines] == [entry["traceId"] for entry in await changing.trail()]
    assert all(len(line["traceId"]) == 32 for line in lines)


async def test_callers_see_their_own_and_what_they_may_list(changing: Changing) -> None:
    """Who may list a kind sees who changed it; others see what they have tried themselves, and nothing else."""
    await changing.by("alice").ask(APPLY, manifest=changing.config("a", x="1"))
    await changing.by("bob").refused(APPLY, manifest=changing.config("b", x="2"))
    await changing.by("admin").ask(
        APPLY,
        manifest={
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": "robot", "namespace": changing.namespace},
        },
    )
    seen = {}
    for user in ("alice", "bob", "carol", "admin"):
        found = await changing.by(user).ask(TRAIL, filter={"namespaces": [changing.namespace]})
        seen[user] = {(one["user"], one["name"]) for one in found["auditTrail"]["items"]}
    assert seen == {
        "alice": {("alice", "a"), ("bob", "b")},
        "bob": {("bob", "b")},
        "carol": set(),
        "admin": {("alice", "a"), ("bob", "b"), ("kgraph-admin", "robot")},
    }


async def test_the_trail_is_filtered(changing: Changing) -> None:
    """Every condition of the filter holds, and the latest comes first."""
    alice = changing.by("alice")
    for name in ("a", "b", "c"):
        await alice.ask(APPLY, manifest=changing.config(name, x="1"), dryRun=name == "c")
    await changing.by("bob").refused(APPLY, manifest=changing.config("a", x="2"))

    async def names(**conditions: Any) -> list[str]:
        return [entry["name"] for entry in await changing.trail(**conditions)]

    assert await names() == ["a", "b", "c", "a"]
    assert await names(users=["alice"], dryRun=False) == ["a", "b"]
    assert await names(outcomes=["REFUSED"]) == ["a"]
    assert await names(kinds=["cm"], names=["b"], clusters=["changed"]) == ["b"]
    assert await names(kinds=["pods"]) == []
    assert await names(mutations=["deleteResource"]) == []
    two = "{ auditTrail(first: 2) { items { name } truncated } }"
    assert (await alice.ask(two))["auditTrail"] == {"items": [{"name": "a"}, {"name": "c"}], "truncated": True}


async def test_the_audit_ends_with_its_retention(changing: Changing, store: Store) -> None:
    """Entries older than the retention go, with 0 none do; spent idempotency keys go after a day."""
    await changing.by("alice").ask(APPLY, manifest=changing.config("a", x="1"), key="k")
    later = datetime.now(UTC) + timedelta(hours=2)
    await keep(store, 0, later)
    await keep(store, 10_000, later)
    assert len(await changing.trail()) == 1
    count = "MATCH (i:IdempotencyKey) RETURN count(i) AS keys"
    assert await store.read_text(count) == [{"keys": 1}]
    await keep(store, 3_600, later + timedelta(days=1))
    assert await changing.trail() == []
    assert await store.read_text(count) == [{"keys": 0}]
