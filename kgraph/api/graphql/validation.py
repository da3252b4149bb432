"""Whether a document is valid, found out in a bounded time.

An invalid document is refused at its first few errors: each costs a search for what may have been meant, and a hundred
of them take a second. Fields of one name are compared pair by pair: 1,200 times the same one took three seconds.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache

from graphql import ASTValidationRule, DocumentNode, GraphQLError, GraphQLSchema, validate
from graphql.validation.rules import overlapping_fields_can_be_merged
from strawberry.extensions import SchemaExtension
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

ERRORS_MOST = 5
# Units of graphql-core's own. All fields of the schema, three levels deep, take less than 5,000; its default is
# 500,000, and the attribute is how it is meant to be lowered.
COMPARISONS_MOST = 5_000
Validate = Callable[[GraphQLSchema, DocumentNode, tuple[type[ASTValidationRule], ...]], list[GraphQLError]]


class Validation(SchemaExtension):
    """Validates each document once; its errors are in graphql-core's words, and all of them the caller's."""

    def __init__(self, documents: int) -> None:
        self._validated = _kept(documents)

    def on_validate(self) -> Iterator[None]:
        """Validate; Strawberry does not do it a second time."""
        context = self.execution_context
        if context.graphql_document is not None:
            schema = context.schema._schema  # noqa: SLF001 - Strawberry keeps it there
            context.pre_execution_errors = self._validated(schema, context.graphql_document, context.validation_rules)
        yield


@lru_cache(maxsize=4)
def _kept(documents: int) -> Validate:
    """The cache that all operations share."""
    return lru_cache(maxsize=documents)(_validated)


def _validated(
    schema: GraphQLSchema, document: DocumentNode, rules: tuple[type[ASTValidationRule], ...]
) -> list[GraphQLError]:
    overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = COMPARISONS_MOST
    every = (*rules, MaybeNullValidationRule, OneOfInputValidationRule)
    # Without what raised it: a number of five thousand digits is an error of Python's, and the caller's doing.
    return [
        GraphQLError(one.message, one.nodes, one.source, one.positions, one.path)
        for one in validate(schema, document, every, max_errors=ERRORS_MOST)
    ]
