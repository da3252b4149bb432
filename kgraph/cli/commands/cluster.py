"""`kgraph cluster`: clusters come and go while workers run."""

from typing import Any

import rich_click as click

from kgraph.cli import options


@click.group("cluster")
def command() -> None:
    """List the clusters of a graph, add one, remove one."""


@command.command("list")
@options.config
@options.neo4j
@options.output(table=True)
@options.common
def listing(output: str, **given: Any) -> None:
    """Show every cluster: whether it is connected, how much there is, how far behind."""
    from rich.text import Text

    from kgraph.cli import clusters
    from kgraph.cli.answers.printing import print_data
    from kgraph.cli.answers.tables import print_table
    from kgraph.cli.graphs import Named
    from kgraph.cli.process import interrupts
    from kgraph.cli.terminal import remarks

    found = interrupts.run(clusters.listed(Named.given(given), given["config"]))
    if output != "table":
        print_data(clusters.as_data(found), output)
        return
    print_table(clusters.COLUMNS, clusters.rows(found), more=False)
    for one in found:
        if not one.status.ready:
            remarks().print(Text(f"{one.id}: {one.status.message}", style="yellow"))


@command.command("add", epilog="Its credentials are kept sealed with KGRAPH_CREDENTIALS_KEY, which workers need too.")
@click.argument("cluster", metavar="ID")
@click.option("--name", default="", help="A name for people.")
@click.option("--environment", default="", metavar="NAME", help="Such as dev, staging, prod.")
@click.option("--region", default="", metavar="NAME", help="Where it runs.")
@options.source
@click.option("--server", default="", metavar="URL", help="In place of a kubeconfig: the apiserver's address.")
@click.option("--ca-file", default="", metavar="FILE", help="Its authority.")
@click.option("--server-name", default="", metavar="NAME", help="The name in its certificate.")
@click.option("--insecure-skip-verify", is_flag=True, help="Trust any certificate.")
@click.option("--token-file", default="", metavar="FILE", help="A file with a token.")
@click.option("--cert-file", default="", metavar="FILE", help="A client certificate.")
@click.option("--key-file", default="", metavar="FILE", help="Its key.")
@options.config
@options.neo4j
@options.common
def add(cluster: str, **given: Any) -> None:
    """Keep one more cluster in the graph: a context of your kubeconfig, or a server and a login.

    Files that are named here are read now, and what is in them is what is kept.
    """
    from kgraph.cli import clusters
    from kgraph.cli.errors import BadConfiguration
    from kgraph.cli.graphs import Named
    from kgraph.cli.process import interrupts
    from kgraph.cli.terminal import remarks
    from kgraph.kube.given import GivenCluster, of_own_context
    from kgraph.kube.settings import ClusterSettings, kubeconfig_files

    wanted = GivenCluster(
        id=cluster,
        name=given["name"],
        environment=given["environment"],
        region=given["region"],
        server=given["server"],
        ca=clusters.text_of(given["ca_file"]),
        server_name=given["server_name"],
        insecure_skip_verify=given["insecure_skip_verify"],
        token=clusters.text_of(given["token_file"]),
        certificate=clusters.text_of(given["cert_file"]),
        key=clusters.text_of(given["key_file"]),
    )
    if not given["server"]:
        files = kubeconfig_files(ClusterSettings(id=cluster, kubeconfig_path=given["kubeconfig"]))
        wanted = of_own_context(wanted, files, given["context"])
    elif given["kubeconfig"] or given["context"]:
        raise BadConfiguration("--server and --kubeconfig (with --context) exclude each other")
    interrupts.run(clusters.add(Named.given(given), given["config"], wanted))
    remarks().print(f"{cluster} is registered: a worker takes it up within seconds. `kgraph cluster list` shows it.")


@command.command("remove")
@click.argument("cluster", metavar="ID…", nargs=-1, required=True)
@options.config
@options.neo4j
@options.common
def remove(cluster: tuple[str, ...], **given: Any) -> None:
    """Take clusters out of the graph: their credentials at once, their data bit by bit."""
    from kgraph.cli import clusters
    from kgraph.cli.graphs import Named
    from kgraph.cli.process import interrupts
    from kgraph.cli.terminal import remarks

    interrupts.run(clusters.remove(Named.given(given), given["config"], cluster))
    remarks().print(f"{', '.join(cluster)}: a worker empties that part of the graph now.")
