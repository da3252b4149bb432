"""Markdown, as far as the pages need it."""


def cell(text: str) -> str:
    """A text as a table's cell: a bar would begin the next one."""
    return text.replace("|", "\\|")
