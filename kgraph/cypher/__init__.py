"""Every statement the program sends to Neo4j, one `.cypher` file each, loaded by name.

Here belongs query text, and nothing that knows when or why it is sent. Python never formats a value into a
statement. Each file can be pasted into Neo4j Browser; those under `explore/` are made for it.
"""

from functools import cache
from importlib import resources


@cache
def statement(name: str) -> str:
    """The text of the statement `name`, written `write/upsert_resources`; KeyError where there is none."""
    folder, _, stem = name.partition("/")
    file = resources.files(__package__) / folder / f"{stem}.cypher"
    if not file.is_file():
        raise KeyError(f"no statement {name}: there is no file {folder}/{stem}.cypher in kgraph/cypher")
    return file.read_text("utf-8")


def statements(folder: str) -> tuple[str, ...]:
    """The names of all statements of a folder (`schema`, `write`, `read`, `explore`), in the files' order."""
    files = (resources.files(__package__) / folder).iterdir()
    return tuple(
        sorted(f"{folder}/{file.name.removesuffix('.cypher')}" for file in files if file.name.endswith(".cypher"))
    )
