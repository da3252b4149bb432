"""One place in one object, written so that a person finds it: `spec.containers[name=web].ports[0]["a.b/c"]`.

A step is a key, the position of an item in a list, or an item by its merge key (`kgraph.kube.merge_keys`). The path
patterns of the edge table are another thing (`kgraph.sync.paths`): those stand for many places of many objects.
"""

import re
from collections.abc import Sequence

from kgraph.kube.merge_keys import Identity

Step = str | int | Identity
Path = tuple[Step, ...]

_PLAIN = re.compile(r'[^.\[\]"=,\\/\s]+')
_TEXT = r'"(?P<%s>(?:\\.|[^"\\])*)"'
_STEP = re.compile(
    rf"\.?(?:\[{_TEXT % 'quoted'}\]|\[(?P<at>\d+)\]"
    r'|\[(?P<item>(?:[^"\]]|"(?:\\.|[^"\\])*")+)\]'
    r"|(?P<plain>[^.\[]+))",
    re.DOTALL,
)
_PAIR = re.compile(rf"(?P<key>[^=,]+)=(?:{_TEXT % 'quoted'}|(?P<plain>[^,\"]*))(?:,|$)", re.DOTALL)


def write(path: Sequence[Step]) -> str:
    """The path as text, which `parse` reads back."""
    text = ""
    for step in path:
        match step:
            case int():
                text += f"[{step}]"
            case tuple():
                text += f"[{','.join(f'{key}={_value(value)}' for key, value in step)}]"
            case _ if _PLAIN.fullmatch(step):
                text += f".{step}" if text else step
            case _:
                text += f'["{_escaped(step)}"]'
    return text


def parse(text: str) -> Path:
    """The steps of a written path; ValueError where it is none."""
    steps: list[Step] = []
    at = 0
    while at < len(text):
        match = _STEP.match(text, at)
        if match is None:
            raise ValueError(f"{text!r} is no path, at {text[at:]!r}: write spec.containers[name=web].image")
        at = match.end()
        if match["quoted"] is not None:
            steps.append(_unescaped(match["quoted"]))
        elif match["at"] is not None:
            steps.append(int(match["at"]))
        elif match["item"] is not None:
            steps.append(_pairs(match["item"], text))
        else:
            steps.append(match["plain"])
    return tuple(steps)


def _value(text: str) -> str:
    return text if re.fullmatch(r'[^,"\[\]\\]*', text) else f'"{_escaped(text)}"'


def _pairs(text: str, whole: str) -> Identity:
    pairs: list[tuple[str, str]] = []
    at = 0
    while at < len(text):
        match = _PAIR.match(text, at)
        if match is None:
            raise ValueError(f"{whole!r} is no path: [{text}] names no item; write [name=web]")
        at = match.end()
        quoted = match["quoted"]
        pairs.append((match["key"], match["plain"] if quoted is None else _unescaped(quoted)))
    return tuple(pairs)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)
