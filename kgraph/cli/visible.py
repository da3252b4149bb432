"""The texts of others, shown so that a terminal does nothing but show them.

Names, messages and annotations were written by whoever may write them. In a terminal an escape sequence moves the
cursor, hides what was there, or sets its title; a sign that turns the direction of reading shows another text than it
is. Each such sign is shown as one of its own: `␛` for the escape.
"""

from collections.abc import Mapping

# C0 and DEL have pictures of their own in Unicode; C1, line separators and the signs of direction have none.
_PICTURES = {code: 0x2400 + code for code in range(0x20)} | {0x7F: 0x2421}
_OTHERS = (*range(0x80, 0xA0), 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_ONE_LINE: Mapping[int, int] = _PICTURES | dict.fromkeys(_OTHERS, 0xFFFD)
_LINES = {code: sign for code, sign in _ONE_LINE.items() if code not in (0x09, 0x0A)}


def lines(text: str) -> str:
    """The text with its line ends and tabs, and no other sign that a terminal obeys."""
    return text.translate(_LINES)


def one_line(text: str) -> str:
    """The text without any sign that a terminal obeys; a line end is shown as one."""
    return text.translate(_ONE_LINE)
