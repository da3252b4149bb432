"""Events beside the schema that is published of them."""

from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from jsonschema import Draft202012Validator

SCHEMA = Path(__file__).parent.parent / "docs" / "reference" / "events.schema.json"


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(
        msgspec.json.decode(SCHEMA.read_bytes()), format_checker=Draft202012Validator.FORMAT_CHECKER
    )


def validate(value: bytes) -> dict[str, Any]:
    """The event of a message's value; AssertionError says where it is not what the published schema says."""
    event = msgspec.json.decode(value)
    wrong = [f"{error.json_path}: {error.message:.300}" for error in _validator().iter_errors(event)]
    assert not wrong, "\n".join(wrong)
    assert isinstance(event, dict)
    return event
