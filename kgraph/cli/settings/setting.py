"""What a row of the settings says: a setting's path, what it takes, its bounds, what it means."""

from enum import StrEnum
from typing import Any

import msgspec

# Nine digits: more than anything here counts, and a number to every library.
WHOLE_MOST = 999_999_999


class Takes(StrEnum):
    """What a setting takes."""

    TEXT = "text"
    NUMBER = "number"
    WHOLE = "whole number"
    SWITCH = "true or false"
    DURATION = "duration"
    SIZE = "amount of bytes"
    CHOICE = "one of"
    LIST = "list of texts"
    SECTION = "section"
    SECTIONS = "list of sections"
    KIND = "kind"
    PATH = "JSONPath"
    PATHS = "names and their JSONPaths"
    NAMESPACES = "clusters and their namespaces"
    PARTS = "parts and their kinds"
    LABEL_SELECTOR = "label selector"
    FIELD_SELECTOR = "field selector"
    TEMPLATE = "names and what they get"


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One setting. `key` is its path: `clusters[].tls_config.ca_file`.

    `default` is written as a user would write it; `least` and `most` bound whole numbers. Errors do not show the value
    of a `secret`.
    """

    key: str
    takes: Takes
    meaning: str
    default: Any = ""
    choices: tuple[str, ...] = ()
    required: bool = False
    least: int = 1
    most: int = WHOLE_MOST
    secret: bool = False

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.key.rpartition(".")[2].removesuffix("[]")

    @property
    def parent(self) -> str:
        """The path of the section that it is in, "" at the top."""
        return self.key.rpartition(".")[0]

    @property
    def variable(self) -> str:
        """The environment variable that sets it, "" for one inside a section."""
        return "" if self.parent else self.name.upper()
