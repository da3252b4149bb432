"""Short commands, run to their end."""

import asyncio
from pathlib import Path

from kgraph.stack.errors import CommandFailed


async def run(*argv: str, stdin: str | None = None, cwd: Path | None = None) -> str:
    """What the command writes to its standard output.

    Raises CommandFailed where it ends with another code than 0, or where there is no such command.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL if stdin is None else asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=cwd,
        )
    except FileNotFoundError:
        raise CommandFailed(argv[0], 127, "there is no such command on this machine") from None
    output, said = await process.communicate(None if stdin is None else stdin.encode())
    assert process.returncode is not None
    if process.returncode != 0:
        raise CommandFailed(" ".join(argv), process.returncode, said.decode("utf-8", "replace"))
    return output.decode("utf-8", "replace")
