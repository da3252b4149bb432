"""Values that hold a login: what they show of themselves, in logs, errors and a debugger."""

from typing import Any, ClassVar

import msgspec


class Discreet(msgspec.Struct, frozen=True):
    """Shows the fields that `shown` names and no other; a field that is added is hidden until it is named."""

    shown: ClassVar[tuple[str, ...]] = ()

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """What rich prints, which does not ask `repr`."""
        return [(name, getattr(self, name)) for name in self.shown]

    def __repr__(self) -> str:
        told = "".join(f"{name}={value!r}, " for name, value in self.__rich_repr__())
        return f"{type(self).__name__}({told}…)"
