"""Methods that do not keep their objects alive, for those that keep them.

An object that keeps a method of its own is a circle of references: with all that hangs on it, it goes only once Python
searches for such. A thousand objects of each request waited for that, and the searches took a fifth of the API's
processor, a third of a second at a time in which nobody was answered.
"""

from collections.abc import Callable
from typing import ParamSpec, TypeVar
from weakref import WeakMethod

P = ParamSpec("P")
R = TypeVar("R")


def weakly(method: Callable[P, R]) -> Callable[P, R]:
    """The method, good for as long as something else keeps its object; ReferenceError after that."""
    found = WeakMethod(method)

    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        bound = found()
        if bound is None:
            raise ReferenceError("nobody keeps whose method this is any more")
        return bound(*args, **kwargs)

    return call
