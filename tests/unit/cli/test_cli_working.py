"""What the processes of a deployment are told of the clusters."""

from kgraph.cli.configuration.reading import load
from kgraph.cli.process.workers import cluster_names
from kgraph.cli.working import sync_options
from kgraph.graphdb.registry import Called
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


def test_the_configuration_s_names_come_before_those_of_the_graph() -> None:
    """A cluster that was added at run time takes no name away, and is known by its address too."""
    configured = (ClusterSettings(id="a", name="prod"),)
    called = (Called("added", "prod", "https://added.example.com/"), Called("a", "prod", "https://a.example.com"))
    assert cluster_names(configured, called) == {
        "a": "a",
        "prod": "a",
        "https://a.example.com": "a",
        "added": "added",
        "https://added.example.com": "added",
    }
