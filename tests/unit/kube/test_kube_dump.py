"""A dump's files; what is in them is tested against a real cluster."""

from pathlib import Path

import pytest

from kgraph.kube.dump import Form, _write


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_a_file_appears_whole_or_not_at_all(tmp_path: Path, form: Form) -> None:
    """A failure while writing leaves the earlier file as it was, and nothing beside it."""
    file = tmp_path / "core" / f"pods.{form}"
    _write(file, [{"metadata": {"name": "a"}}], form)
    before = file.read_bytes()
    with pytest.raises(Exception, match="object"):
        _write(file, [{"metadata": object()}], form)
    assert file.read_bytes() == before
    assert list(file.parent.iterdir()) == [file]
    assert file.stat().st_mode & 0o077 == 0
