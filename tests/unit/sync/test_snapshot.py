"""A snapshot's objects as a cluster's kinds."""

from pathlib import Path

from kgraph.kube.settings import AuthMethod, ClusterSettings
from kgraph.sync.options import SyncOptions
from kgraph.sync.snapshot import read_snapshot


def test_kinds_without_their_definition_are_served(tmp_path: Path) -> None:
    """A dump without definitions says all the same which custom kinds the cluster had."""
    (tmp_path / "app.yaml").write_text("{apiVersion: argoproj.io/v1alpha1, kind: Application, metadata: {name: web}}")
    settings = ClusterSettings(id="dump", auth_method=AuthMethod.SNAPSHOT, snapshot_path=str(tmp_path))
    snapshot = read_snapshot(settings, SyncOptions())
    catalogue = snapshot.extractor.catalogue
    assert catalogue.serves("argoproj.io", "Application")
    assert not catalogue.serves("argoproj.io", "AppProject")
