"""Answers for other programs: JSON and YAML as the API gave them."""

from typing import Any

import msgspec

from kgraph.cli.terminal import answers


def print_data(data: Any, form: str) -> None:
    """Print as `json` (two spaces, one document) or `yaml`."""
    if form == "yaml":
        import yaml

        text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True)
    else:
        text = msgspec.json.format(msgspec.json.encode(data), indent=2).decode()
    # Not through rich: nothing of an answer for a program is folded, styled or read as markup.
    answers().file.write(text if text.endswith("\n") else f"{text}\n")
