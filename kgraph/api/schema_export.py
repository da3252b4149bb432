"""The schema in GraphQL's own language: `python -m kgraph.api.schema_export > docs/reference/schema.graphql`."""

import sys

from kgraph.api.graphql.schema import make_schema
from kgraph.api.settings import Limits


def schema_text() -> str:
    """The schema as SDL, mutations included, with a newline at the end."""
    return f"{make_schema(Limits(), mutations=True).as_str().rstrip()}\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())
