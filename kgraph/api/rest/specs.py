"""How answers are described: what each status means, with an example."""

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example

from kgraph.api.failures import PROBLEM as PROBLEM_TYPE
from kgraph.api.rest import examples
from kgraph.api.rest.documents import Problem

_PROBLEMS = {
    400: "The question cannot be understood, or asks for more than may be asked.",
    401: "Nobody knows who asks.",
    403: "It is known who asks, and they may not.",
    404: "It is not there, or not for this caller: the answer is the same.",
    503: "A cluster that has to be asked does not answer; try again.",
    504: "The answer took longer than it may.",
}


def described(document: type[msgspec.Struct], what: str, example: Mapping[str, Any]) -> dict[int, ResponseSpec]:
    """A good answer, and all that can go wrong."""
    good = ResponseSpec(
        document, generate_examples=False, description=what, examples=[Example(summary="An answer", value=example)]
    )
    return {200: good, **problems()}


def problems() -> dict[int, ResponseSpec]:
    """All that can go wrong with a question."""
    return {
        status: ResponseSpec(
            Problem,
            generate_examples=False,
            description=text,
            media_type=PROBLEM_TYPE,
            examples=[Example(summary="A problem", value=examples.PROBLEM)] if status == 404 else None,
        )
        for status, text in _PROBLEMS.items()
    }
