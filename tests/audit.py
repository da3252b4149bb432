"""No package of a lock has a known vulnerability: `python -m tests.audit`, part of `make lint`.

Advisories are asked for where packages come from: pip's own index, at the address where it tells of one version as JSON
(`vulnerabilities`, as pip-audit reads it), or at KGRAPH_ADVISORIES, an address with `{name}` and `{version}` in it.
Where nothing answers there, that is said in one line, and is no failure: work offline goes on.

What is known and does not concern us is in `tests/audit.allowed`, a line for each: id, the day until which that is
believed, and why.
"""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
from pip._internal.models.index import PyPI

ROOT = Path(__file__).parent.parent
ALLOWED = ROOT / "tests" / "audit.allowed"
VARIABLE = "KGRAPH_ADVISORIES"
# So many are asked first: a source that knows none of them is none, or a mirror without advisories.
PROBES = 3
AT_ONCE = 8
SECONDS = 10.0
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)", re.MULTILINE)


class Package(msgspec.Struct, frozen=True, order=True):
    """One version of a package, and the locks that have it."""

    name: str
    version: str
    locks: tuple[str, ...] = ()


class Advisory(msgspec.Struct, frozen=True, order=True):
    """One that is known of a package; `names` are its id and what others call it."""

    package: Package
    names: tuple[str, ...]
    fixed_in: tuple[str, ...] = ()
    summary: str = ""

    def __str__(self) -> str:
        """A line for whoever has to do something about it."""
        fixed = f"fixed in {', '.join(self.fixed_in)}" if self.fixed_in else "not fixed yet"
        what = f"{self.package.name} {self.package.version} ({', '.join(self.package.locks)})"
        return f"{what}: {' '.join(self.names)}, {fixed}: {' '.join(self.summary.split())[:160]}"


class Allowed(msgspec.Struct, frozen=True):
    """One that is known and left alone."""

    id: str
    until: date
    reason: str


class NoSource(Exception):
    """Nobody tells of advisories; the message says what came instead."""


def packages(locks: Iterable[Path]) -> list[Package]:
    """All packages of these locks, each once."""
    found: dict[tuple[str, str], list[str]] = {}
    for lock in sorted(locks):
        for name, version in _PINNED.findall(lock.read_text("utf-8")):
            found.setdefault((name, version), []).append(lock.name)
    return [Package(*key, locks=tuple(names)) for key, names in sorted(found.items())]


def allowed(text: str) -> list[Allowed]:
    """The lines of audit.allowed; ValueError for one that does not say all three."""
    lines = [line.split(maxsplit=2) for line in text.splitlines() if line.strip() and not line.startswith("#")]
    for line in lines:
        if len(line) != 3:
            raise ValueError(f"{ALLOWED.name}: {' '.join(line)!r} is not an id, a day and a reason")
    return [Allowed(id_, date.fromisoformat(until), reason) for id_, until, reason in lines]


def judged(found: Sequence[Advisory], known: Sequence[Allowed], today: date) -> list[str]:
    """What is wrong: advisories that nobody allowed, allowances that have ended, and such as allow nothing."""
    valid = {each.id for each in known if each.until >= today}
    names = {name for each in found for name in each.names}
    wrong = [f"known to be vulnerable: {each}" for each in found if valid.isdisjoint(each.names)]
    wrong += [f"{ALLOWED.name}: {each.id} was believed until {each.until}" for each in known if each.until < today]
    wrong += [f"{ALLOWED.name}: {each.id} is of nothing that is in a lock" for each in known if each.id not in names]
    return wrong


async def advisories(source: str, wanted: Sequence[Package]) -> tuple[list[Advisory], list[Package]]:
    """What the source knows of the packages, and the packages that it could not be asked about. Raises NoSource."""
    async with httpx.AsyncClient(timeout=SECONDS, follow_redirects=True) as client:
        room = asyncio.Semaphore(AT_ONCE)

        async def ask(package: Package) -> list[Advisory] | str:
            async with room:
                try:
                    answer = await client.get(source.format(name=package.name, version=package.version))
                    return _read(package, answer.raise_for_status().content)
                except httpx.HTTPStatusError as error:
                    return f"status {error.response.status_code}"
                except (httpx.HTTPError, msgspec.MsgspecError, UnicodeDecodeError) as error:
                    return type(error).__name__

        first = await asyncio.gather(*map(ask, wanted[:PROBES]))
        said = [each for each in first if isinstance(each, str)]
        if first and len(said) == len(first):
            raise NoSource(said[0])
        answers = [*first, *await asyncio.gather(*map(ask, wanted[PROBES:]))]
    found = [each for answer in answers if not isinstance(answer, str) for each in answer]
    unasked = [package for package, answer in zip(wanted, answers, strict=True) if isinstance(answer, str)]
    return sorted(found), unasked


def _read(package: Package, body: bytes) -> list[Advisory]:
    """The advisories of an answer; those that were withdrawn are none. MsgspecError where it tells of none at all."""
    told = msgspec.json.decode(body, type=dict[str, Any])
    return [
        Advisory(
            package,
            (each["id"], *(each.get("aliases") or ())),
            tuple(each.get("fixed_in") or ()),
            each.get("summary") or each.get("details") or "",
        )
        for each in msgspec.convert(told.get("vulnerabilities"), list[dict[str, Any]])
        if not each.get("withdrawn")
    ]


def source_of(environ: Mapping[str, str]) -> str:
    """The address of what is known of a version: of KGRAPH_ADVISORIES, else of the index that pip uses."""
    if given := environ.get(VARIABLE):
        return given
    asked = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    index = environ.get("PIP_INDEX_URL") or subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    base = f"{index.strip().rstrip('/').removesuffix('/simple')}/pypi" if index.strip() else PyPI.pypi_url
    return f"{base}/{{name}}/{{version}}/json"


def main(environ: Mapping[str, str] = os.environ, locks: Sequence[Path] = (), file: Path = ALLOWED) -> int:
    """Print what is wrong, or that nobody could be asked; 1 where something is wrong."""
    wanted = packages(locks or ROOT.glob("requirements*.lock"))
    known = allowed(file.read_text("utf-8"))
    try:
        found, unasked = asyncio.run(advisories(source_of(environ), wanted))
    except NoSource as why:
        sys.stderr.write(f"audit: no advisory source answers ({why}): {len(wanted)} packages are not looked at; ")
        sys.stderr.write(f"{VARIABLE} names another\n")
        return 0
    wrong = judged(found, known, datetime.now(UTC).date())
    if unasked:
        names = ", ".join(each.name for each in unasked[:5])
        sys.stderr.write(f"audit: of {len(unasked)} of {len(wanted)} packages nothing is known there: {names}\n")
    sys.stderr.writelines(f"{line}\n" for line in wrong)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
