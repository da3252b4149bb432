"""Structs that several threads read: the table by which msgspec reads them is made with the class.

By itself msgspec makes a struct's table at its first use, and lets others see it before it is filled, so that a struct
can hold itself. Two threads that read the first two of a kind at once then end the process with a segmentation fault
(msgspec 0.22): workers of several clusters did, at their start, on a machine slow enough.
"""

from typing import TypeVar

import msgspec

T = TypeVar("T", bound=msgspec.Struct)


def readable(kind: type[T]) -> type[T]:
    """A class decorator: its table, and those of all that it holds, are there before anybody reads one."""
    msgspec.json.Decoder(kind)
    return kind
