"""`kgraph who-can`: everybody who may do something, and by which binding."""

from typing import Any

import rich_click as click

from kgraph.cli import options


@click.command("who-can", epilog="Example: kgraph who-can delete pods -n shop")
@click.argument("verb")
@click.argument("resource_type", metavar="TYPE")
@click.argument("name", required=False, default="")
@click.option("--limit", default=500, show_default=True, metavar="N", help="The most rows.")
@options.request
@options.output(table=True)
@options.api
@options.common
def command(verb: str, resource_type: str, name: str, **given: Any) -> None:
    """List who may do something by RBAC: users, groups and service accounts, with the role that lets them.

    Without -n only what holds in all namespaces counts. BINDING is left out where it is called as its role is.
    """
    from kgraph.cli.answers.client import Client
    from kgraph.cli.answers.printing import print_data
    from kgraph.cli.answers.queries import the_cluster
    from kgraph.cli.answers.rbac import Question, ask_who_can, print_grants, split_name
    from kgraph.cli.terminal import remarks

    kind, its_name = split_name(resource_type, name)
    client = Client(given["api"])
    question = Question(
        the_cluster(client, given["cluster"]), verb, kind, its_name, given["namespace"], given["subresource"]
    )
    answer = ask_who_can(client, question, first=given["limit"])
    if given["output"] != "table":
        print_data(answer, given["output"])
        return
    if answer["items"]:
        print_grants(answer["items"])
    else:
        remarks().print(f"No binding lets anybody {answer['request']}.")
    if answer["truncated"]:
        remarks().print(f"There are more than these {given['limit']}: raise --limit.")
    if answer["reason"]:
        remarks().print(answer["reason"])
