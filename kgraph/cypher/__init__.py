"""Every statement the program sends to Neo4j, one `.cypher` file each, loaded by name.

Here belongs query text, and nothing that knows when or why it is sent. Python never formats a value into a
statement. Each file can be pasted into Neo4j Browser; those under `explore/` are made for it.
"""

import re
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


@cache
def joined(first: str, *others: str) -> str:
    """One statement that does what several do, one after the other, wherever the first one has a row.

    The others find their parameters under their own name: `$touch.rows` for `$rows` of `write/touch`; they return
    nothing. There is a record, `written`, for each row of the first.
    """
    text = [statement(first), "WITH *"]
    for name in others:
        inside = _PARAMETER.sub(rf"${name.rpartition('/')[2]}.\1", statement(name))
        text.append(f"CALL () {{\n{inside}}}")
    return "\n".join((*text, "RETURN true AS written"))


_PARAMETER = re.compile(r"\$(\w+)")


def statements(folder: str) -> tuple[str, ...]:
    """The names of all statements of a folder (`schema`, `write`, `read`, `explore`), in the files' order."""
    files = (resources.files(__package__) / folder).iterdir()
    return tuple(
        sorted(f"{folder}/{file.name.removesuffix('.cypher')}" for file in files if file.name.endswith(".cypher"))
    )


# Of all that are sent; those of `schema` and `explore` are for who prepares a graph, and for people.
NAMES = frozenset((*statements("read"), *statements("write")))
