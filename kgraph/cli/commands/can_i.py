"""`kgraph can-i`: whether somebody may do something, and why."""

import sys
from typing import Any

import rich_click as click

from kgraph.cli import options


@click.command(
    "can-i",
    epilog="Examples: kgraph can-i get pods --as jane -n shop · kgraph can-i create pods web --subresource exec "
    "--as system:serviceaccount:shop:web -n shop",
)
@click.argument("verb")
@click.argument("resource_type", metavar="TYPE")
@click.argument("name", required=False, default="")
@click.option("--as", "user", default="", metavar="USER", help="Who: a user, also system:serviceaccount:NS:NAME.")
@click.option("--as-group", "groups", multiple=True, metavar="GROUP", help="A group they are in; may be repeated.")
@click.option("--as-account", "account", default="", metavar="[NS/]NAME", help="Who: a service account.")
@options.request
@options.output(table=True)
@options.api
@options.common
def command(verb: str, resource_type: str, name: str, **given: Any) -> None:
    """Say whether somebody may do something by RBAC, and by which binding. Exit code 1 where they may not.

    Without -n it is asked of all namespaces at once. TYPE is what kubectl takes, or a path such as /metrics.
    """
    import msgspec

    from kgraph.cli.answers.client import Client
    from kgraph.cli.answers.printing import print_data
    from kgraph.cli.answers.queries import the_cluster
    from kgraph.cli.answers.rbac import Access, Question, ask_can_i, decision, split_name
    from kgraph.cli.errors import BadConfiguration
    from kgraph.cli.terminal import answers

    user, groups, account = given["user"], given["groups"], given["account"]
    if not (user or groups or account):
        raise BadConfiguration("who? name them by --as, --as-group or --as-account")
    kind, its_name = split_name(resource_type, name)
    client = Client(given["api"])
    question = Question(
        the_cluster(client, given["cluster"]), verb, kind, its_name, given["namespace"], given["subresource"]
    )
    answer = ask_can_i(client, question, user=user, groups=groups, account=account)
    if given["output"] == "table":
        answers().print(decision(msgspec.convert(answer, Access)))
    else:
        print_data(answer, given["output"])
    if not answer["allowed"]:
        sys.exit(1)
