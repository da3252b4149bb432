"""How answers are described: what each status means, with an example."""

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example

from kgraph.api.http.failures import PROBLEM as PROBLEM_TYPE
from kgraph.api.rest import examples
from kgraph.api.rest.documents import Problem

PROBLEMS = {
    400: "The question cannot be understood, or asks for more than may be asked.",
    401: "Nobody knows who asks.",
    403: "It is known who asks, and they may not.",
    404: "It is not there, or not for this caller: the answer is the same.",
    503: "A cluster that has to be asked does not answer; try again.",
    504: "The answer took longer than it may.",
}


REFUSALS = {
    409: "It is there already, or does not go with what is there.",
    412: "It is not of the version that If-Match names.",
    422: "The cluster objects to it: `causes` names the fields.",
    429: "The cluster has too much to do: Retry-After says for how long.",
    504: "It took longer than it may: `detail` says whether it happened.",
}


def described(
    document: type[msgspec.Struct], what: str, example: Mapping[str, Any], *, status: int = 200
) -> dict[int, ResponseSpec]:
    """A good answer to a question, and all that can go wrong."""
    return {status: _good(document, what, example), **problems(PROBLEMS)}


def changed(
    document: type[msgspec.Struct], what: str, example: Mapping[str, Any], *, status: int = 200, empty: str = ""
) -> dict[int, ResponseSpec]:
    """A good answer to a change, what one without a body means if there is one, and all that can go wrong."""
    nothing = {204: ResponseSpec(None, generate_examples=False, description=empty)} if empty else {}
    return {status: _good(document, what, example), **nothing, **problems({**PROBLEMS, **REFUSALS})}


def _good(document: type[msgspec.Struct], what: str, example: Mapping[str, Any]) -> ResponseSpec:
    return ResponseSpec(
        document, generate_examples=False, description=what, examples=[Example(summary="An answer", value=example)]
    )


def problems(meanings: Mapping[int, str]) -> dict[int, ResponseSpec]:
    """What can go wrong."""
    return {
        status: ResponseSpec(
            Problem,
            generate_examples=False,
            description=text,
            media_type=PROBLEM_TYPE,
            examples=[Example(summary="A problem", value=examples.PROBLEM)] if status == 404 else None,
        )
        for status, text in sorted(meanings.items())
    }
