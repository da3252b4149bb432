"""What the processes of a deployment are told of the clusters."""

from kgraph.cli.configuration import load
from kgraph.cli.working import sync_options
from kgraph.kube.settings import ClusterSettings


def test_clusters_are_known_to_each_other_by_id_name_and_address() -> None:
    """An object that names another cluster means it by any of the three; of two with one name an id wins."""
    clusters = (
        ClusterSettings(id="a", name="b", api_server_url="https://a.example.com:6443/"),
        ClusterSettings(id="b", name="second"),
    )
    assert sync_options(load("", {}), clusters).clusters == {
        "a": "a",
        "https://a.example.com:6443": "a",
        "b": "b",
        "second": "b",
    }


def test_controllers_may_run_elsewhere() -> None:
    """The setting says in which namespace a controller runs instead of the usual one."""
    configuration = load("controller_namespaces: [cert-manager=infra, keda=scaling]", {})
    assert sync_options(configuration, ()).homes == {"cert-manager": "infra", "keda": "scaling"}
