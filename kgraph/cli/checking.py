"""The convergence checker, set up: which clusters, which graph; and its report in words."""

from collections.abc import Sequence

import msgspec
from rich.text import Text

from kgraph.cli.answers.printing import print_data
from kgraph.cli.errors import BadConfiguration
from kgraph.cli.graphs import Named, connected, graph_at_work
from kgraph.cli.process.workers import cluster_names
from kgraph.cli.running import find_running
from kgraph.cli.sources import Asked, choose_source, configured
from kgraph.cli.terminal import answers, remarks
from kgraph.cli.working import sync_options
from kgraph.graphdb import registry
from kgraph.kube.snapshot import STDIN
from kgraph.sync.check import Report, check


async def check_clusters(asked: Asked, named: Named, only: Sequence[str], *, deep: bool = False) -> list[Report]:
    """A report a cluster; where the user names nothing, of what the running `kgraph up` syncs."""
    configuration = configured(asked.config)
    graph = graph_at_work(named, configuration)
    here = find_running()
    if asked == Asked() and not configuration.clusters and here is not None:
        asked = here.source
        if STDIN in asked.snapshots:
            raise BadConfiguration("what came through standard input cannot be read again: name it with --snapshot")
        configuration = configured(asked.config) if asked.config else configuration
    source = await choose_source(asked, configuration)
    known = {cluster.id: cluster for cluster in source.clusters}
    unknown = [name for name in only if name not in known]
    if unknown:
        raise BadConfiguration(f"there is no cluster {unknown[0]}; there are {', '.join(known)}")
    options = sync_options(configuration, source.clusters)
    reports = []
    async with connected(graph) as store:
        names = cluster_names(source.clusters, await registry.called(store))
        options = msgspec.structs.replace(options, clusters=names)
        for name in only or known:
            remarks().print(f"Comparing {name} with its graph …", style="dim")
            reports.append(await check(store, known[name], options, deep=deep))
    return reports


def print_reports(reports: Sequence[Report], output: str) -> None:
    """Every difference on a line of its own; and what was compared."""
    if output != "table":
        print_data(msgspec.to_builtins(reports), output)
        return
    console = answers()
    for report in reports:
        for difference in report.differences:
            console.print(Text(str(difference)))
        for kind, why in report.unread.items():
            console.print(Text(f"not compared: {kind} ({why})", style="yellow"))
        compared = f"{report.cluster}: {report.resources:,} resources and {report.edges:,} edges compared"
        if report.differences:
            console.print(Text(f"{compared}, {len(report.differences):,} differences", style="bold red"))
        elif report.unread:
            console.print(Text(f"{compared}, no difference in what could be read", style="bold yellow"))
        else:
            console.print(Text(f"{compared}, no difference", style="bold green"))
