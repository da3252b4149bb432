"""How `search`, `compare` and `diff` name what they are asked for, and write what they find."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kgraph.cli.answers.ages import age
from kgraph.cli.answers.comparison import print_comparison
from kgraph.cli.answers.drift import DriftAnswer, answer_of
from kgraph.cli.answers.drift_report import SHOWN_CHARACTERS, print_drift, shown
from kgraph.cli.answers.hits import row
from kgraph.cli.answers.targets import Target, parse_target, parse_targets, split_cluster
from kgraph.kube.drift import Change, Drift, Name, ResourceDrift
from kgraph.kube.field_drift import FieldDrift

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("prod:deploy/web", ("prod", "deploy/web")),
        ("deploy/web", ("", "deploy/web")),
        ("image/nginx:1.27", ("", "image/nginx:1.27")),
        ("prod:image/nginx:1.27", ("prod", "image/nginx:1.27")),
    ],
)
def test_a_cluster_stands_before_a_resource(word: str, expected: tuple[str, str]) -> None:
    """`prod:deploy/web` names a cluster; the colon of an image's tag does not."""
    assert split_cluster(word) == expected


def test_images_are_named_with_their_slashes() -> None:
    """An image is a root like any other, however many slashes its name has."""
    image = Target("image", "docker.io/library/nginx:1.27")
    assert parse_target("image/docker.io/library/nginx:1.27") == image
    assert parse_targets(["image", "docker.io/library/nginx:1.27"]) == (image,)


@pytest.mark.parametrize(
    ("seconds", "written"), [(0, "0s"), (119, "119s"), (120, "2m"), (7_199, "119m"), (7_200, "2h"), (172_800, "2d")]
)
def test_ages_are_kubectls(seconds: int, written: str) -> None:
    """An age is in the largest unit of which there are two."""
    assert age((NOW - timedelta(seconds=seconds)).isoformat(), NOW) == written


@pytest.mark.parametrize(
    ("properties", "status"),
    [
        ({"phase": "Running"}, "Running"),
        ({"phase": "Pending", "reason": "ImagePullBackOff"}, "ImagePullBackOff"),
        ({"replicas": 3, "readyReplicas": 2}, "2/3"),
        ({"replicas": 0}, "0/0"),
        ({"ready": False}, "NotReady"),
        ({}, ""),
    ],
)
def test_a_hits_status_is_what_kubectl_leads_with(properties: dict[str, Any], status: str) -> None:
    """A hit's row has the columns that kubectl would show."""
    resource = {
        "namespace": None, "kind": "Pod", "name": "web", "cluster": "prod", "createdAt": None,
        "health": "DEGRADED", "properties": properties,
    }  # fmt: skip
    found = row({"matchedOn": "NAME", "resource": resource})
    assert found == ["", "Pod", "web", "prod", "Degraded", status, "", "name"]


@pytest.mark.parametrize(
    ("value", "text"), [(None, "-"), (3, "3"), ("", '""'), ("a\nb", "a⏎b"), ({"a": 1}, '{"a":1}'), ([True], "[true]")]
)
def test_values_are_shown_in_one_line(value: Any, text: str) -> None:
    """A value is one line, and a long one is cut."""
    assert shown(value) == text
    assert len(shown("x" * 10_000)) == SHOWN_CHARACTERS + 1


def test_drift_is_a_line_a_resource_and_a_line_a_field(capsys: pytest.CaptureFixture[str]) -> None:
    """Signs say what is the matter; a field says both values, and who else owns it."""
    name = Name("apps", "Deployment", "shop", "web")
    field, owned = FieldDrift("spec.paused", False, True), FieldDrift("spec.replicas", 1, 3, "hpa")
    found = Drift((ResourceDrift(name, Change.CHANGED, (field,), (owned,)),), 1, unread=("Secret: forbidden",))
    print_drift(answer_of(found))
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "~ Deployment shop/web",
        "    spec.paused: false → true",
        "    spec.replicas: 1 → 3  owned by hpa",
    ]
    assert "not compared: Secret: forbidden" in err
    assert "1 are not as desired" in err


def test_no_drift_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing on standard output, and a sentence beside it."""
    print_drift(DriftAnswer((), False, 7, False, ()))
    out, err = capsys.readouterr()
    assert (out, "7 desired resources compared, no drift" in err) == ("", True)


def test_a_comparison_lists_fields_and_dependencies(capsys: pytest.CaptureFixture[str]) -> None:
    """Both keys, then what differs; a ConfigMap's contents stand below it."""
    field = {"path": "data.LEVEL", "a": "info", "b": "debug"}
    one = {"type": "USES_CONFIGMAP", "name": "ConfigMap/x", "detail": "its content differs", "content": [field]}
    answer = {"a": {"key": "p"}, "b": {"key": "s"}, "fields": [], "dependencies": [one], "truncated": False}
    print_comparison(answer)
    assert capsys.readouterr().out.splitlines() == [
        "a p",
        "b s",
        "dependencies",
        "    USES_CONFIGMAP ConfigMap/x: its content differs",
        "        data.LEVEL: info → debug",
    ]
    print_comparison({**answer, "dependencies": []})
    assert "no difference" in capsys.readouterr().out
