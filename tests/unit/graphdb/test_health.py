"""Every row of the health table in each of its situations; and that nothing which an object may hold breaks a rule."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgraph.graphdb.health import HEALTH_ROWS, Health, HealthRow, Verdict, health_row, health_rule
from kgraph.graphdb.health.checks import Check, Phase
from kgraph.graphdb.health.cluster import WITHOUT_HEALTH
from kgraph.graphdb.health.kstatus import ROW
from kgraph.graphdb.kinds import KINDS, Kind
from kgraph.graphdb.model import GroupKind
from tests.unit.graphdb.health_cases import Case, case
from tests.unit.graphdb.health_cases_cluster import CLUSTER, DELETION
from tests.unit.graphdb.health_cases_network import NETWORK
from tests.unit.graphdb.health_cases_operators import CUSTOM, GITOPS, OPERATORS
from tests.unit.graphdb.health_cases_workloads import WORKLOADS

CASES = (*WORKLOADS, *CLUSTER, *DELETION, *OPERATORS, *GITOPS, *CUSTOM, *NETWORK)


def written(verdict: Verdict | None) -> tuple[Health | None, str]:
    """A verdict as cases write it."""
    if verdict is None:
        return None, ""
    return verdict.health, f"{verdict.reason} ({verdict.image})" if verdict.image else verdict.reason


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_situation_has_this_health(case: Case) -> None:
    """An object's health is what its own status says, with a reason that a person understands unless it is HEALTHY."""
    verdict = health_rule(case.kind)(case.object)
    assert written(verdict) == (case.health, case.reason)
    assert verdict is None or (verdict.health is Health.HEALTHY) == (not verdict.reason)


def test_case_ids_are_unique() -> None:
    """A failing case is found by its name."""
    assert len({case.id for case in CASES}) == len(CASES)


def _checks() -> Iterator[Any]:
    for row in (*HEALTH_ROWS, ROW):
        for at, check in enumerate(row.checks):
            yield pytest.param(row, check, id=f"{row.id} check {at + 1}")


def _cases_of(row: HealthRow) -> list[Case]:
    if row is ROW:
        return [each for each in CUSTOM if health_row(each.kind) is None]
    return [each for each in CASES if health_row(each.kind) is row and each not in DELETION]


@pytest.mark.parametrize(("row", "check"), [*_checks()])
def test_check_has_a_case_for_each_of_its_answers(row: HealthRow, check: Check) -> None:
    """A fact without an example fails the suite: each answer of each check decides some case."""
    before = row.checks[: next(at for at, each in enumerate(row.checks) if each is check)]
    decided = set()
    for each in _cases_of(row):
        try:
            if any(earlier.look(each.object) for earlier in before):
                continue
            verdict = check.look(each.object)
        except ValueError:
            continue
        decided.add(verdict.health if verdict else None)
    wanted = set(check.answers)
    if isinstance(check, Phase) and Health.UNKNOWN not in check.by_value.values():
        wanted.discard(Health.UNKNOWN)  # below, for all of them
    assert wanted <= decided


@pytest.mark.parametrize("row", HEALTH_ROWS, ids=lambda row: row.id)
def test_row_has_a_case_where_no_check_says_anything(row: HealthRow) -> None:
    """What is left is shown as well, unless one of the checks always answers."""
    left = [each for each in _cases_of(row) if each.health is row.otherwise]
    assert left
    assert set(row.kinds) == {each.kind.kind for each in _cases_of(row)}, "each kind has its cases"


@pytest.mark.parametrize(
    "row", [row for row in HEALTH_ROWS if any(isinstance(c, Phase) for c in row.checks)], ids=lambda r: r.id
)
def test_phase_that_nobody_knows_is_unknown(row: HealthRow) -> None:
    """A phase of a newer version is not taken for a good one, nor for a bad one."""
    (phase,) = [check for check in row.checks if isinstance(check, Phase)]
    status: Any = "OfTheFuture"
    for name in reversed(phase.path.split(".")):
        status = {name: status}
    status["status"].setdefault("observedGeneration", 1)
    verdict = health_rule(GroupKind(row.group, row.kinds[0]))({"metadata": {"generation": 1}, **status})
    assert written(verdict) == (Health.UNKNOWN, "OfTheFuture")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: str(kind.group_kind))
def test_kind_of_kubernetes_has_a_row_or_is_known_to_say_nothing(kind: Kind) -> None:
    """A new kind of Kubernetes fails the suite until someone has looked at its status."""
    assert (health_row(kind.group_kind) is None) == (tuple(kind.group_kind) in WITHOUT_HEALTH)


def test_no_kind_has_two_rows() -> None:
    """One kind is read in one way."""
    kinds = [(row.group, kind) for row in HEALTH_ROWS for kind in row.kinds]
    assert len(set(kinds)) == len(kinds)


def test_worst_comes_last() -> None:
    """The order of a roll-up."""
    order = sorted(Health, key=lambda health: health.rank)
    assert [*order] == ["HEALTHY", "SUSPENDED", "PROGRESSING", "MISSING", "DEGRADED", "UNKNOWN"]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (case("Pod", "a", "UNKNOWN", "", status="Running"), "status is no map but of type str"),
        (case("Pod", "b", "UNKNOWN", "", status={"phase": 1}), "phase is no text but of type int"),
        (
            case("Deployment.apps", "c", "UNKNOWN", "", status={"updatedReplicas": "3"}),
            "updatedReplicas is no number but of type str",
        ),
        (case("Node", "d", "UNKNOWN", "", status={"conditions": [1]}), "conditions[] is no map but of type int"),
        (
            case("Basket.shop.example.com", "e", "UNKNOWN", "", status={"conditions": {}}),
            "conditions is no list but of type dict",
        ),
        (
            case("CronJob.batch", "f", "UNKNOWN", "", spec={"suspend": "yes"}),
            "suspend is no true or false but of type str",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_malformed_status_is_unknown_and_says_where(broken: Case, reason: str) -> None:
    """Bad input gives a clear reason, never an error."""
    assert health_rule(broken.kind)(broken.object) == Verdict(Health.UNKNOWN, f"cannot be read: {reason}")


def test_long_message_is_cut_to_what_a_person_reads() -> None:
    """A stack trace with its line ends becomes one short line."""
    trace = "\n".join(f"  at frame {number}" for number in range(100))
    status = {"conditions": [{"type": "Ready", "status": "False", "reason": "Panic", "message": trace}]}
    verdict = health_rule(GroupKind("cert-manager.io", "Issuer"))({"metadata": {}, "status": status})
    assert verdict is not None
    assert verdict.reason.startswith("Panic: at frame 0 at frame 1")
    assert verdict.reason.endswith("…")
    assert len(verdict.reason) == 300


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def _places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if way:
        yield way
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in inner:
        yield from _places(below, (*way, key))


@given(data=st.data(), case=st.sampled_from(CASES))
def test_whatever_an_object_holds_no_rule_raises(data: st.DataObject, case: Case) -> None:
    """An object with anything anywhere has some health or none, and the rest of its cluster goes on."""
    broken = deepcopy(case.object)
    for _ in range(data.draw(st.integers(1, 3))):
        *way, last = data.draw(st.sampled_from([*_places(broken)]))
        target: Any = broken
        for step in way:
            target = target[step]
        target[last] = data.draw(JUNK)
        if not [*_places(broken)]:
            break
    verdict: Any = health_rule(case.kind)(broken)
    assert verdict is None or (isinstance(verdict.health, Health) and isinstance(verdict.reason, str))
