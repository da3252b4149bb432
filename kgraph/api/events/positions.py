"""Where somebody is in the feed, as a text that they give back to go on from there."""

import re
from typing import Self

import msgspec

from kgraph.api.errors import BadUserInput


class Position(msgspec.Struct, frozen=True, gc=False):
    """After an event, or after a moment of one replica.

    `stamp` is when it was told, in microseconds of the `replica`'s own clock, which goes on with each event. Another
    replica knows the event by `event_id`, "" of a moment. It says nothing of what came between, which may be hidden.
    """

    stamp: int
    replica: str
    event_id: str = ""

    def __str__(self) -> str:
        return f"{self.stamp}.{self.replica}.{self.event_id}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a position; BadUserInput where it is none."""
        stamp, _, rest = text.partition(".")
        replica, dot, event_id = rest.partition(".")
        if not (dot and stamp.isascii() and stamp.isdecimal() and replica and _PLAIN.fullmatch(text[: _MOST + 1])):
            raise BadUserInput(f"Last-Event-ID {text[:_MOST]!r} is no id of an event of this stream")
        return cls(int(stamp), replica, event_id)


_MOST = 120
# It is written into a stream of lines again (`id:`): nothing in it ends a line.
_PLAIN = re.compile(rf"[!-~]{{1,{_MOST}}}")
