"""What came of a load, for people (Markdown) and for programs (JSON)."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from tests.asking import Asked
from tests.figures import percentile
from tests.load.processes import Sample, cores, most
from tests.load.trend import Trend


class Latencies(msgspec.Struct, frozen=True):
    """An operation's answers: how many, and after how many ms; of the mutation too."""

    operation: str
    asked: int
    stumbled: int
    failed: int
    p50: float
    p95: float
    p99: float
    longest: float


class Used(msgspec.Struct, frozen=True):
    """A process's cores in the mean, and its memory in MiB at the end and at most."""

    process: str
    cores: float
    resident: float
    most: float


class Phase(msgspec.Struct, frozen=True, kw_only=True):
    """One load: what it was, what was answered, what it took."""

    name: str
    seconds: float
    per_second: float
    operations: Sequence[Latencies]
    used: Sequence[Used]
    failures: Mapping[str, int]


class Growth(msgspec.Struct, frozen=True, kw_only=True):
    """A process's memory over a time of changes, and whether it is flat."""

    process: str
    minutes: float
    began: float
    ended: float
    trend: Trend
    flat: bool


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A run; `facts` are figures that are of no phase."""

    title: str
    machine: str
    data: str
    facts: Mapping[str, str] = {}
    phases: Sequence[Phase] = ()
    growth: Sequence[Growth] = ()

    def wrong(self, *, failed_most: float) -> list[str]:
        """What does not hold."""
        found = []
        for phase in self.phases:
            total = phase.operations[-1]
            if total.failed > failed_most * total.asked:
                found.append(f"{phase.name}: {total.failed} of {total.asked} questions failed: {dict(phase.failures)}")
        return found + [f"the memory of {one.process} grows: {_slope(one)}" for one in self.growth if not one.flat]


ALL = "all"


def latencies(asked: Iterable[Asked]) -> list[Latencies]:
    """A row for each operation, and one for all of them at the end."""
    by_operation: dict[str, list[Asked]] = {}
    for one in asked:
        by_operation.setdefault(one.operation, []).append(one)
    every = [one for some in by_operation.values() for one in some]
    return [*(_row(name, by_operation[name]) for name in sorted(by_operation)), _row(ALL, every)]


def _row(name: str, some: Sequence[Asked]) -> Latencies:
    times = sorted(one.seconds * 1000 for one in some) or [0.0]
    p50, p95, p99 = (percentile(times, percent) for percent in (50, 95, 99))
    stumbled, failed = (sum(bool(getattr(one, what)) for one in some) for what in ("stumbled", "failed"))
    return Latencies(name, len(some), stumbled, failed, p50, p95, p99, times[-1])


def used(samples: Mapping[str, Sequence[Sample]]) -> list[Used]:
    """What each process used."""
    return [Used(name, cores(some), some[-1].resident, most(some)) for name, some in samples.items()]


def markdown(report: Report) -> str:
    """The report for people."""
    lines = [f"# {report.title}", "", f"Made on {report.machine}. {report.data}.", ""]
    if report.facts:
        lines += ["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in report.facts.items()), ""]
    for phase in report.phases:
        lines += [
            f"## {phase.name}",
            "",
            f"{phase.seconds:.0f} s, {phase.per_second:.0f} answers a second. Milliseconds:",
            "",
            "| operation | asked | first try failed | failed | p50 | p95 | p99 | max |",
            "|---|---|---|---|---|---|---|---|",
            *(
                f"| {one.operation} | {one.asked:,} | {one.stumbled} | {one.failed} "
                f"| {one.p50:.0f} | {one.p95:.0f} | {one.p99:.0f} | {one.longest:.0f} |"
                for one in phase.operations
            ),
            "",
            "| process | cores | memory at the end | at most |",
            "|---|---|---|---|",
            *(
                f"| {one.process} | {one.cores:.2f} | {one.resident:.0f} MiB | {one.most:.0f} MiB |"
                for one in phase.used
            ),
            "",
            *(f"- first tries that ended with {what}: {count}" for what, count in phase.failures.items()),
        ]
    if report.growth:
        lines += [
            "## Memory over the time",
            "",
            "| process | minutes | began | ended | an hour (95 %) | |",
            "|---|---|---|---|---|---|",
            *(
                f"| {one.process} | {one.minutes:.0f} | {one.began:.0f} MiB | {one.ended:.0f} MiB | {_slope(one)} "
                f"| {'flat' if one.flat else '**grows**'} |"
                for one in report.growth
            ),
            "",
        ]
    return "\n".join(lines)


def _slope(one: Growth) -> str:
    return f"{one.trend.per_hour:+.1f} MiB ({one.trend.low:+.1f} to {one.trend.high:+.1f})"
