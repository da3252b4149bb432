"""The test stack's metrics-server is the real one, and says what KWOK is told that Pods use."""

import json

import pytest

from kgraph.stack.errors import CommandFailed
from kgraph.stack.kubernetes import ControlPlane
from tests.integration.sync.metered import furnish
from tests.workers import until

pytestmark = pytest.mark.kubernetes


async def test_pods_use_what_their_annotations_say(metered_control_plane: ControlPlane) -> None:
    """metrics.k8s.io, asked through the apiserver, gives each Pod's usage as its annotations have it."""
    plane = metered_control_plane
    await furnish(plane, "shop")

    async def measured() -> dict[str, dict[str, str]]:
        try:
            found = json.loads(await plane.kubectl("get", "--raw", "/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods"))
        except CommandFailed:  # the apiserver has not yet seen it answer
            return {}
        pods = {item["metadata"]["name"]: item["containers"][0]["usage"] for item in found["items"]}
        return pods if len(pods) == 3 else {}

    usage = await until(measured, "metrics-server has a sample of each Pod")
    cores = {name.partition("-")[0]: int(used["cpu"].removesuffix("n")) / 1e9 for name, used in usage.items()}
    assert cores == pytest.approx({"lone": 0.5, "web": 0.1}, rel=0.1)
    assert {used["memory"] for used in usage.values()} == {"1Gi", "200Mi"}
