"""Configurations that cannot be meant."""

from pathlib import Path

import pytest

from kgraph.cli.configuration.reading import load
from kgraph.cli.errors import BadConfiguration


def assert_told(folder: Path, text: str, words: str) -> None:
    """A configuration's mistake is told in these words, with the file's name, and without its password, hunter2."""
    file = folder / "clusters.yaml"
    file.write_text(text)
    with pytest.raises(BadConfiguration) as mistake:
        load(str(file), {})
    assert words in str(mistake.value)
    assert "hunter2" not in str(mistake.value)
    assert str(file) in str(mistake.value)
