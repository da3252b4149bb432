"""The command `kgraph`: its sub-commands, and how any of them fails.

A failure is one paragraph on standard error and an exit code: 1 when what was asked for failed or differs, 2 when it
was asked wrongly (or `diff` could not compare), 130 after Ctrl-C. A traceback comes only with --debug.
"""

import faulthandler
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import rich_click as click

from kgraph import __version__

# Sub-commands are modules of their own that import what they need when they run.
from kgraph.cli.commands import (
    backup,
    can_i,
    check,
    cluster,
    compare,
    cypher,
    diff,
    events,
    graph,
    history,
    impact,
    path,
    rebuild,
    restore,
    search,
    serve,
    snapshot,
    up,
    who_can,
    worker,
)
from kgraph.cli.errors import CliError, leaves
from kgraph.cli.process.interrupts import Interrupted

INTERRUPTED = 130  # 128 + SIGINT, as shells have it


class _InOrder(click.RichGroup):
    """Lists the sub-commands in the order in which a reader needs them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(self.commands)


@click.group(
    cls=_InOrder,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Begin with `kgraph up`: it needs no cluster and no Neo4j.",
)
@click.rich_config({"theme": "default-slim", "style_options_table_expand": False})
@click.version_option(__version__, "-V", "--version", message="kgraph %(version)s")
def kgraph() -> None:
    """A live graph of Kubernetes clusters: what owns, selects, mounts, routes to and binds what."""


for command in (
    up,
    search,
    graph,
    impact,
    path,
    events,
    history,
    compare,
    diff,
    can_i,
    who_can,
    cypher,
    check,
    rebuild,
    backup,
    restore,
    cluster,
    snapshot,
    worker,
    serve,
):
    kgraph.add_command(command.command)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command and end the process."""
    if sys.__stderr__ is not None and not faulthandler.is_enabled():
        # A crash in a library's machine code says where it was: the names of functions, and no value.
        faulthandler.enable(sys.__stderr__)
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    try:
        sys.exit(kgraph.main(words, standalone_mode=False))
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except Interrupted as signal:
        sys.exit(signal.exit_code)
    except (KeyboardInterrupt, click.Abort):
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # `kgraph graph … | head`: nobody reads on. Python would complain once more when it closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        if debug:
            raise
        sys.exit(tell(error))


def tell(error: BaseException) -> int:
    """Write a failure as a paragraph to standard error; the exit code."""
    from rich.text import Text

    from kgraph.cli.terminal import remarks

    found = list(dict.fromkeys(_words(leaf) for leaf in leaves(error)))
    for words in found:
        remarks().print(Text(f"Error: {words}", style="red"), soft_wrap=False)
    return next((leaf.exit_code for leaf in leaves(error) if isinstance(leaf, CliError)), 1)


def _words(error: BaseException) -> str:
    from kgraph.graphdb.errors import GraphError
    from kgraph.kube.errors import KubeError
    from kgraph.stack.errors import StackError

    if isinstance(error, CliError | GraphError | KubeError | StackError):
        return str(error)
    return f"{type(error).__name__}: {error}. This should not happen; --debug shows where it did."


if __name__ == "__main__":
    main()
