"""Options that several commands share, named as kubectl names them."""

import os
from collections.abc import Callable
from typing import Any, TypeVar

import rich_click as click

F = TypeVar("F", bound=Callable[..., Any])

# kubectl's default is what people read; `json` and `yaml` are the API's answer as it came.
OUTPUTS = ("tree", "json", "yaml")


def _no_color(_context: click.Context, _parameter: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 - click's signature
    if wanted:
        os.environ["NO_COLOR"] = "1"


def common(function: F) -> F:
    """What every command takes."""
    for decorate in (
        click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error."),
        click.option(
            "--no-color",
            is_flag=True,
            expose_value=False,
            is_eager=True,
            callback=_no_color,
            help="No colours; NO_COLOR does the same.",
        ),
    ):
        function = decorate(function)
    return function


def _file(option: str, what: str) -> Callable[[F], F]:
    """An option that names a file, as its variable does: `--ca-file`, KGRAPH_CA_FILE."""
    variable = f"KGRAPH_{option.removeprefix('--').replace('-', '_').upper()}"

    def keep(_context: click.Context, _parameter: click.Parameter, file: str) -> None:
        if file:
            os.environ[variable] = file

    return click.option(
        option,
        default="",
        metavar="FILE",
        expose_value=False,
        callback=keep,
        help=f"{what}; else {variable}" + (", KGRAPH_TOKEN." if option == "--token-file" else "."),
    )


def api(function: F) -> F:
    """Where the API is, and who we are to it."""
    for decorate in (
        _file("--key-file", "The key of your certificate"),
        _file("--cert-file", "Your certificate in PEM, where the API wants one"),
        _file("--ca-file", "The authority of the API's certificate in PEM; unless told, the system's"),
        _file("--token-file", "A file with the bearer token"),
        click.option(
            "--api",
            envvar="KGRAPH_API",
            default="",
            metavar="URL",
            help="The API's address; else that of the `kgraph up` that runs here.",
        ),
    ):
        function = decorate(function)
    return function


def scope(function: F) -> F:
    """Which cluster, which namespace."""
    for decorate in (
        click.option("-n", "--namespace", default="", metavar="NAME", help="The resource's namespace."),
        click.option("--cluster", default="", metavar="ID", help="May be left out when there is only one."),
    ):
        function = decorate(function)
    return function


def request(function: F) -> F:
    """Where something would be done, and to which part."""
    for decorate in (
        click.option("--subresource", default="", metavar="PART", help="A part of it: log, exec, scale, status."),
        click.option("-n", "--namespace", default="", metavar="NAME", help="In this namespace; else in all at once."),
        click.option("--cluster", default="", metavar="ID", help="May be left out when there is only one."),
    ):
        function = decorate(function)
    return function


def output(*, table: bool = False) -> Callable[[F], F]:
    """How the answer is written."""
    choices = ("table", *OUTPUTS[1:]) if table else OUTPUTS
    return click.option(
        "-o", "--output", type=click.Choice(choices), default=choices[0], show_default=True, help="How to write it."
    )


def config(function: F) -> F:
    """The configuration."""
    return click.option(
        "--config",
        default="",
        metavar="FILE",
        help="The configuration: a YAML file, or the YAML itself; else CLUSTERS_CONFIG.",
    )(function)


def neo4j(function: F) -> F:
    """A Neo4j of the user's own."""
    for decorate in (
        click.option(
            "--neo4j-password-file",
            default="",
            metavar="FILE",
            help="A file with the password; else NEO4J_PASSWORD.",
        ),
        click.option("--neo4j-user", default="", metavar="NAME", help="Who logs in to it; else NEO4J_USER, neo4j."),
        click.option("--neo4j-uri", default="", metavar="URI", help="Your own Neo4j; else NEO4J_URI."),
    ):
        function = decorate(function)
    return function


def source(function: F) -> F:
    """Which cluster of a kubeconfig."""
    for decorate in (
        click.option(
            "--context", default="", metavar="NAME", help="A context of the kubeconfig; else its current one."
        ),
        click.option("--kubeconfig", default="", metavar="FILE", help="Else KUBECONFIG, ~/.kube/config."),
    ):
        function = decorate(function)
    return function
