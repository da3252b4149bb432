"""What a row of the health table is made of: checks, asked in turn; the first that answers decides.

Each reads one place of an object and says nothing (None) where that place says nothing. `words` is the check as a
sentence of the reference.
"""

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from kgraph.graphdb.health.verdict import (
    HEALTHY,
    Health,
    Object,
    Rule,
    Verdict,
    because,
    flag,
    items,
    number,
    parent,
    section,
    text,
)

_CONDITIONS = "status.conditions"
_PROGRESSING = frozenset({Health.PROGRESSING})


class Check(Protocol):
    """One question to an object."""

    def look(self, obj: Object) -> Verdict | None:
        """The answer, or None; Malformed where the object is not what its API allows."""

    @property
    def answers(self) -> frozenset[Health]:
        """All that it may answer."""

    @property
    def words(self) -> str:
        """The question and its answers, as the reference has them."""


class HasStatus(msgspec.Struct, frozen=True):
    """A managed resource without a status: its controller has not looked at it yet."""

    path: str = "status"

    def look(self, obj: Object) -> Verdict | None:
        """PROGRESSING without a status."""
        there, name = parent(obj, self.path)
        return None if there.get(name) is not None else Verdict(Health.PROGRESSING, "no status yet")

    @property
    def answers(self) -> frozenset[Health]:
        """What it may say."""
        return _PROGRESSING

    @property
    def words(self) -> str:
        """For the reference."""
        return f"no `{self.path}`: PROGRESSING"


class Observed(msgspec.Struct, frozen=True):
    """Whether the controller has seen the spec as it is: `status.observedGeneration` against `metadata.generation`.

    `needed` when an absent one means that it has not; `exact` when a higher one does too, as kstatus has it.
    """

    needed: bool = False
    exact: bool = False

    def look(self, obj: Object) -> Verdict | None:
        """PROGRESSING while an older generation is what was seen."""
        generation, observed = section(obj, "metadata").get("generation"), section(obj, "status")
        seen = observed.get("observedGeneration")
        if type(seen) is str and seen.isascii() and seen.isdigit():  # as Argo Rollouts writes it
            seen = int(seen)
        elif seen is not None:
            seen = number(observed, "observedGeneration")
        if seen is None:
            return Verdict(Health.PROGRESSING, "its spec is not yet observed") if self.needed else None
        if type(generation) is not int or seen == generation or (seen > generation and not self.exact):
            return None
        return Verdict(Health.PROGRESSING, f"generation {generation} of its spec is not yet observed")

    @property
    def answers(self) -> frozenset[Health]:
        """What it may say."""
        return _PROGRESSING

    @property
    def words(self) -> str:
        """For the reference."""
        return f"`status.observedGeneration` is old{' or absent' if self.needed else ''}: PROGRESSING"


class Flag(msgspec.Struct, frozen=True):
    """A truth that decides where it is true: `spec.suspend`."""

    path: str
    health: Health
    reason: str = ""

    def look(self, obj: Object) -> Verdict | None:
        """The health while the truth is."""
        return Verdict(self.health, self.reason) if flag(*parent(obj, self.path)) else None

    @property
    def answers(self) -> frozenset[Health]:
        """What it may say."""
        return frozenset({self.health})

    @property
    def words(self) -> str:
        """For the reference."""
        return f"`{self.path}`: {self.health}"


class Condition(msgspec.Struct, frozen=True):
    """A condition, by its status; a status without a verdict says nothing.

    `reasons` are the only ones it is asked for, `spared` those it is not; `current` leaves out a condition whose own
    observedGeneration is another than the object's. With `other`, any status that has no verdict has this one.
    """

    type: str
    by_status: Mapping[str, Health]
    reasons: frozenset[str] = frozenset()
    spared: frozenset[str] = frozenset()
    current: bool = False
    at: str = _CONDITIONS
    other: Health | None = None
    prefix: str = ""

    def look(self, obj: Object) -> Verdict | None:
        """The verdict of the first such condition that has one."""
        return self.of(items(*parent(obj, self.at)), obj if self.current else None)

    def of(self, conditions: Any, current: Object | None = None) -> Verdict | None:
        """The verdict of the first of some conditions that has one."""
        for condition in conditions:
            if text(condition, "type") != self.type or (current is not None and is_old(condition, current)):
                continue
            reason = text(condition, "reason")
            if (self.reasons and reason not in self.reasons) or reason in self.spared:
                continue
            health = self.by_status.get(text(condition, "status"), self.other)
            if health is None:
                continue
            return HEALTHY if health is Health.HEALTHY else told(health, condition, self.prefix)
        return None

    @property
    def answers(self) -> frozenset[Health]:
        """What it may say."""
        return frozenset({*self.by_status.values(), *((self.other,) if self.other else ())})

    @property
    def words(self) -> str:
        """For the reference."""
        narrowed = f" with reason {', '.join(sorted(self.reasons))}" if self.reasons else ""
        narrowed += f" but for reason {', '.join(sorted(self.spared))}" if self.spared else ""
        if not self.by_status:
            return f"condition {self.type}{narrowed}: {self.other}"
        left = f", else: {self.other}" if self.other else ""
        return f"condition {self.type}{narrowed} {_grouped(self.by_status)}{left}"


class Phase(msgspec.Struct, frozen=True):
    """A text that names the state: `status.phase`. One that the row does not know is UNKNOWN, an empty one silent.

    `why` are the paths of the reason, the first with a text; else the phase itself is it.
    """

    path: str
    by_value: Mapping[str, Health]
    why: tuple[str, ...] = ("status.message",)

    def look(self, obj: Object) -> Verdict | None:
        """The verdict of the phase."""
        phase = text(*parent(obj, self.path))
        if not phase:
            return None
        health = self.by_value.get(phase, Health.UNKNOWN)
        if health is Health.HEALTHY:
            return HEALTHY
        found = (text(*parent(obj, path)) for path in self.why)
        return because(health, phase, next(filter(None, found), ""))

    @property
    def answers(self) -> frozenset[Health]:
        """What it may say."""
        return frozenset({*self.by_value.values(), Health.UNKNOWN})

    @property
    def words(self) -> str:
        """For the reference."""
        return f"`{self.path}` {_grouped(self.by_value)}, else: UNKNOWN"


class Each(msgspec.Struct, frozen=True):
    """A list whose items have conditions of their own: a route's parents, a Gateway's listeners.

    The worst of the items decides. `name` is the path of an item's name, for the reason. Items are left out that
    are `spared` by a (condition, reason), and with `current` those whose conditions are all of another generation.
    Where no item says anything, nor does this.
    """

    at: str
    name: str
    what: str
    checks: tuple[Condition, ...]
    conditions: str = "conditions"
    current: bool = True
    spared: tuple[str, str] = ("", "")
    healthy: bool = False

    def look(self, obj: Object) -> Verdict | None:
        """The verdict of the worst item; HEALTHY for items that nothing speaks against only if `healthy`."""
        worst: Verdict | None = None
        for item in items(*parent(obj, self.at)):
            conditions = items(*parent(item, self.conditions))
            if not conditions or (self.current and all(is_old(each, obj) for each in conditions)):
                continue
            if any((text(each, "type"), text(each, "reason")) == self.spared for each in conditions):
                continue
            verdict = next(filter(None, (check.of(conditions) for check in self.checks)), None)
            if verdict is None:
                verdict = HEALTHY if self.healthy else None
            elif verdict.health is not Health.HEALTHY:
                name = text(*parent(item, self.name))
                verdict = because(verdict.health, f"{self.what} {name}".strip(), verdict.reason)
            if verdict is not None and (worst is None or verdict.health.rank > worst.health.rank):
                worst = verdict
        return worst

    @property
    def answers(self) -> frozenset[Health]:
        """What it may say."""
        return frozenset().union(*(check.answers for check in self.checks), {Health.HEALTHY} if self.healthy else ())

    @property
    def words(self) -> str:
        """For the reference."""
        answers = "; ".join(check.words for check in self.checks)
        return f"the worst of `{self.at}[]`: {answers}{'; else HEALTHY' if self.healthy else ''}"


class Odd(msgspec.Struct, frozen=True):
    """A rule that is no table: a function, what it does in words, and all that it may answer."""

    rule: Rule
    words: str
    answers: frozenset[Health]

    def look(self, obj: Object) -> Verdict | None:
        """What the function says."""
        return self.rule(obj)


def _grouped(answers: Mapping[str, Health]) -> str:
    """Values by what they mean: `Failed or Error: DEGRADED, Running: PROGRESSING`."""
    by_health: dict[Health, list[str]] = {}
    for value, health in answers.items():
        by_health.setdefault(health, []).append(value)
    return ", ".join(f"{' or '.join(values)}: {health}" for health, values in by_health.items())


def is_old(condition: Object, obj: Object) -> bool:
    """Whether a condition says that it is about another generation than the object's."""
    observed, generation = condition.get("observedGeneration"), section(obj, "metadata").get("generation")
    return type(observed) is int and type(generation) is int and observed != generation


def told(health: Health, condition: Object, prefix: str = "") -> Verdict:
    """A verdict in a condition's own words."""
    reason, message = text(condition, "reason"), text(condition, "message")
    fallback = "" if reason or message else f"{text(condition, 'type')} is {text(condition, 'status')}"
    return because(health, prefix, reason, message, fallback)


# What many kinds' checks are made of.
BAD = {"True": Health.DEGRADED}
GOOD = {"True": Health.HEALTHY}
SUSPENDED = Flag("spec.suspend", Health.SUSPENDED, "suspended")
