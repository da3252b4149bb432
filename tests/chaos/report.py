"""What came of a storm, for people (Markdown) and for programs (JSON)."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from tests.asking import PATIENCE_SECONDS, Asked
from tests.figures import percentile

# Of all questions, by the issue that asked for this suite.
FAILED_MOST = 0.001


class Happened(msgspec.Struct, frozen=True):
    """A fault: when it began, in seconds from the storm's begin, how long until it was mended, and until all worked.

    `recovered` counts from the moment at which mending began, a server's own start included, until a change made then
    was shown by every API and all that was told before was in Kafka.
    """

    what: str
    began: float
    lasted: float
    recovered: float


class Trouble(msgspec.Struct, frozen=True):
    """A fault's questions: how many were meant to be asked while it was not recovered from, and how they fared."""

    asked: int
    stumbled: int
    failed: int
    longest_seconds: float


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All of it.

    `stumbled` are the questions whose first try failed, `failed` those that a client who tries again gave up.
    """

    seed: int
    seconds: float
    machine: str
    faults: Sequence[Happened]
    troubles: Sequence[Trouble]
    steps: int
    seen: int
    told: int
    excused: int
    problems: Mapping[str, Sequence[str]]
    asked: int
    stumbled: int
    failed: int
    failures: Mapping[str, int]
    p50_ms: float
    p99_ms: float
    longest_seconds: float
    calm_p99_ms: float
    in_step: bool

    @property
    def failed_share(self) -> float:
        """Of the questions, those that were given up."""
        return self.failed / max(1, self.asked)

    @property
    def holds(self) -> bool:
        """Whether every promise was kept."""
        return self.in_step and not any(self.problems.values()) and self.failed_share < FAILED_MOST

    def wrong(self) -> str:
        """What was not kept, for an assertion's message."""
        lines = [f"{what}: {len(some)}: {some[0]}" for what, some in self.problems.items() if some]
        if self.failed_share >= FAILED_MOST:
            lines.append(f"{self.failed} of {self.asked} questions failed: {dict(self.failures)}")
        return "\n".join(lines)


def troubles(faults: Sequence[Happened], asked: Iterable[Asked], began_at: float) -> list[Trouble]:
    """The questions of each fault: those that were meant to be asked from its begin until all worked again."""
    every = list(asked)
    found = []
    for fault in faults:
        begin = began_at + fault.began
        during = [one for one in every if begin <= one.at <= begin + fault.lasted + fault.recovered]
        found.append(
            Trouble(
                asked=len(during),
                stumbled=sum(bool(one.stumbled) for one in during),
                failed=sum(bool(one.failed) for one in during),
                longest_seconds=max((one.seconds for one in during), default=0.0),
            )
        )
    return found


def calm(faults: Sequence[Happened], asked: Iterable[Asked], began_at: float) -> list[float]:
    """The seconds of the questions that met no fault."""
    times = [
        (began_at + one.began - PATIENCE_SECONDS / 10, began_at + one.began + one.lasted + one.recovered)
        for one in faults
    ]
    return sorted(one.seconds for one in asked if not any(begin <= one.at <= end for begin, end in times))


def markdown(report: Report) -> str:
    """The report for people."""
    verdict = "All promises were kept." if report.holds else f"**Not kept**:\n\n```\n{report.wrong()}\n```"
    times = f"{report.p50_ms:.0f} ms, {report.p99_ms:.0f} ms, {report.longest_seconds:.1f} s"
    lines = [
        f"# A storm of {report.seconds:.0f} s, seed {report.seed}",
        "",
        f"Made on {report.machine}.",
        "",
        verdict,
        "",
        "| | |",
        "|---|---|",
        f"| faults | {len(report.faults)} |",
        f"| steps of the storm | {report.steps:,} |",
        f"| changes that a watch of the test's own saw | {report.seen:,} |",
        f"| events in Kafka | {report.told:,} |",
        f"| changes that nobody can have known of (while no worker watched) | {report.excused:,} |",
        *(f"| {what} | {len(some)} |" for what, some in report.problems.items()),
        f"| graph is that of a fresh sync | {'yes' if report.in_step else '**no**'} |",
        f"| questions asked | {report.asked:,} |",
        f"| of these, first try failed | {report.stumbled:,} ({report.stumbled / max(1, report.asked):.2%}) |",
        f"| failed after trying again for {PATIENCE_SECONDS:g} s | {report.failed:,} ({report.failed_share:.3%}) |",
        f"| time until the answer, tries and all: p50, p99, longest | {times} |",
        f"| p99 between the faults | {report.calm_p99_ms:.0f} ms |",
        *(f"| first tries that ended with: {what} | {count} |" for what, count in report.failures.items()),
        "",
        "| at | fault | until mended | until all worked | questions | first try failed | failed | longest |",
        "|---|---|---|---|---|---|---|---|",
        *(
            f"| {fault.began:.0f} s | {fault.what} | {fault.lasted:.1f} s | {fault.recovered:.1f} s "
            f"| {some.asked} | {some.stumbled} | {some.failed} | {some.longest_seconds:.1f} s |"
            for fault, some in zip(report.faults, report.troubles, strict=True)
        ),
        "",
    ]
    return "\n".join(lines)


def quantiles(asked: Iterable[Asked]) -> tuple[float, float, float]:
    """p50 and p99 in ms, and the longest in s."""
    seconds = sorted(one.seconds for one in asked) or [0.0]
    return percentile(seconds, 50) * 1000, percentile(seconds, 99) * 1000, seconds[-1]
