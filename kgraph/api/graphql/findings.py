"""`orphans`, `danglingReferences`, `search` and `cypher`."""

from enum import Enum
from typing import Annotated, Any

import strawberry

from kgraph.api import findings
from kgraph.api.errors import BadUserInput
from kgraph.api.graphql.context import Info
from kgraph.api.graphql.filters import First, page_size, scope_of
from kgraph.api.graphql.graph import Edge
from kgraph.api.graphql.resource import Resource, resources
from kgraph.api.graphql.scalars import JSON
from kgraph.api.graphql.selection import selected
from kgraph.api.search import search
from kgraph.api.search_text import FILTER_KEYS
from kgraph.api.statements import run


@strawberry.input(description="Where to look for orphans, and by which rules.")
class OrphanFilter:
    """Conditions on orphans."""

    clusters: list[str] | None = strawberry.field(default=None, description="In these clusters; all unless told.")
    namespaces: list[str] | None = strawberry.field(default=None, description="In these namespaces.")
    rules: list[str] | None = strawberry.field(
        default=None,
        description=f"By these rules: {', '.join(f'`{rule.name}`' for rule in findings.ORPHAN_RULES)}.",
    )


@strawberry.input(description="Where to look for references that lead nowhere.")
class DanglingFilter:
    """Conditions on dangling references, by where they start."""

    clusters: list[str] | None = strawberry.field(default=None, description="In these clusters; all unless told.")
    namespaces: list[str] | None = strawberry.field(default=None, description="From these namespaces.")


@strawberry.type(description="A resource that nothing uses.")
class Orphan:
    """An orphan and why it is one."""

    resource: Resource = strawberry.field(description="The resource.")
    rule: str = strawberry.field(description="The rule that says so.")
    reason: str = strawberry.field(description="Why, in words.")


@strawberry.type(description="Orphans by key, and whether there are more.")
class OrphanList:
    """A bounded list of orphans."""

    items: list[Orphan] = strawberry.field(description="The first of them by key.")
    truncated: bool = strawberry.field(description="Whether there are more than `first` let in.")


@strawberry.type(description="A reference that leads nowhere, or to another incarnation of what it names.")
class DanglingReference:
    """A broken edge."""

    source: Resource = strawberry.field(description="What refers.")
    target: Resource = strawberry.field(description="What is referred to.")
    edge: Edge = strawberry.field(description="The reference.")
    stale: bool = strawberry.field(description="True when the target is there, but its uid is another's.")


@strawberry.type(description="Dangling references, and whether there are more.")
class DanglingList:
    """A bounded list of dangling references."""

    items: list[DanglingReference] = strawberry.field(description="The first of them by source, type and target.")
    truncated: bool = strawberry.field(description="Whether there are more than `first` let in.")


@strawberry.enum(description="What a search found a text in.")
class MatchedOn(Enum):
    """Where the text is."""

    NAME = strawberry.enum_value("NAME", description="In the name.")
    IMAGE = strawberry.enum_value("IMAGE", description="In an image's reference.")
    LABEL = strawberry.enum_value("LABEL", description="In a label, as `key=value`.")
    ANNOTATION = strawberry.enum_value("ANNOTATION", description="In a short annotation, as `key=value`.")
    FILTER = strawberry.enum_value("FILTER", description="No word was looked for: it passes the filters.")


@strawberry.type(description="Something that a search found.")
class SearchHit:
    """One hit."""

    resource: Resource = strawberry.field(description="What was found.")
    matched_on: MatchedOn = strawberry.field(description="What the text is in.")


@strawberry.type(description="A statement's answer.")
class CypherResult:
    """Columns and rows."""

    columns: list[str] = strawberry.field(description="The columns' names; empty when there are no rows.")
    rows: JSON = strawberry.field(description="The rows, each a list of values in the columns' order.")
    truncated: bool = strawberry.field(description="Whether there were more rows than the limit.")


@strawberry.type
class FindingQueries:
    """The queries that look all over."""

    @strawberry.field(description="Resources that nothing uses, each with the reason.")
    async def orphans(self, info: Info, filter: OrphanFilter | None = None, first: First = None) -> OrphanList:
        """Orphans by rules."""
        given = filter or OrphanFilter()
        size = page_size(info, first)
        rules = findings.rules_named(given.rules)
        scope = await scope_of(info, given.clusters, given.namespaces)
        found, more = await findings.orphans(
            info.context.reader, scope, rules, first=size, timeout=info.context.timeout
        )
        shown = await resources(info, [one.node for one in found], selected(info), "items.resource.")
        return OrphanList(
            items=[
                Orphan(resource=resource, rule=one.rule.name, reason=one.rule.reason)
                for one, resource in zip(found, shown, strict=True)
            ],
            truncated=more,
        )

    @strawberry.field(
        description="References that need what is not there, and those whose uid is another incarnation's. Optional "
        "references, and those to kinds that are not synced, are left out."
    )
    async def dangling_references(
        self, info: Info, filter: DanglingFilter | None = None, first: First = None
    ) -> DanglingList:
        """Dangling references."""
        given = filter or DanglingFilter()
        size = page_size(info, first)
        scope = await scope_of(info, given.clusters, given.namespaces)
        kinds = await info.context.kinds.clusters()
        found, more = await findings.dangling_references(
            info.context.reader, scope, kinds, first=size, timeout=info.context.timeout
        )
        paths = selected(info)
        sources = await resources(info, [one.start for one in found], paths, "items.source.")
        targets = await resources(info, [one.end for one in found], paths, "items.target.")
        return DanglingList(
            items=[
                DanglingReference(
                    source=source,
                    target=target,
                    edge=Edge(
                        type=one.type,
                        source=one.start.key,
                        target=one.end.key,
                        fields=list(one.fields),
                        optional=False,
                    ),
                    stale=one.stale,
                )
                for one, source, target in zip(found, sources, targets, strict=True)
            ],
            truncated=more,
        )

    @strawberry.field(
        description="What has all words of a text, and passes its filters: exact names first, then beginnings, words "
        "and parts of names, then images, labels and annotations; of each the short names first. Events are found "
        "only by `kind:event`. "
        + "; ".join(f"{', '.join(f'`{each}:`' for each in key.spellings)} {key.doc}" for key in FILTER_KEYS)
        + ". A comma means either, `-` in front means not."
    )
    async def search(
        self,
        info: Info,
        text: Annotated[
            str, strawberry.argument(description="Words and filters: `web -canary kind:pod ns:shop image:nginx`.")
        ],
        first: First = 50,
        clusters: list[str] | None = None,
    ) -> list[SearchHit]:
        """Hits by rank."""
        size = page_size(info, first)
        if clusters is not None:
            await info.context.kinds.named_clusters(clusters)
        known = await info.context.kinds.clusters()
        found = await search(info.context.reader, text, known, clusters, first=size, timeout=info.context.timeout)
        shown = await resources(info, [one.node for one in found], selected(info), "resource.")
        return [
            SearchHit(resource=resource, matched_on=MatchedOn[one.matched])
            for one, resource in zip(found, shown, strict=True)
        ]

    @strawberry.field(
        description="A Cypher statement of your own, which may only read, for ten seconds, and gives a thousand rows. "
        "Nodes, edges and paths come as objects, times as ISO 8601."
    )
    async def cypher(
        self,
        info: Info,
        query: Annotated[str, strawberry.argument(description="The statement; values belong in `params`.")],
        params: Annotated[JSON | None, strawberry.argument(description="Its parameters, an object.")] = None,
    ) -> CypherResult:
        """The statement's rows."""
        limits = info.context.settings.limits
        given: Any = params if params is not None else {}
        if not isinstance(given, dict):
            raise BadUserInput("params is an object of the statement's parameters")
        reader = info.context.reader
        await reader.require_everything(await info.context.kinds.clusters(), "a statement of your own")
        found = await run(reader.store, query, given, rows=limits.cypher_rows, timeout=limits.statement_seconds)
        return CypherResult(columns=list(found.columns), rows=JSON(found.rows), truncated=found.truncated)
