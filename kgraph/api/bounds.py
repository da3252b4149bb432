"""Numbers that a caller gives, and what they may be."""

from kgraph.api.errors import BadUserInput


def within(name: str, value: int, most: int, *, least: int = 0) -> int:
    """The value; BadUserInput says what it may be."""
    if not least <= value <= most:
        raise BadUserInput(f"{name} is {value}; between {least} and {most} can be asked for")
    return value
