"""A dump's files; what is in them is tested against a real cluster."""

from pathlib import Path

import pytest

from kgraph.kube.dump import _write


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    """A failure while writing leaves the earlier file as it was, and nothing beside it."""
    file = tmp_path / "core" / "pods.yaml"
    _write(file, [{"metadata": {"name": "a"}}])
    before = file.read_bytes()
    with pytest.raises(Exception, match="object"):
        _write(file, [{"metadata": object()}])
    assert file.read_bytes() == before
    assert list(file.parent.iterdir()) == [file]
    assert file.stat().st_mode & 0o077 == 0
