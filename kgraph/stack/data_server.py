"""A server of one kind on a data folder of its own: what all of them let their users see and do."""

from pathlib import Path

from kgraph.stack.server import Server


class DataServer:
    """A running server of our own, on loopback ports that stay the same for its life, its data kept between runs."""

    def __init__(self, server: Server, data_dir: Path) -> None:
        self._server = server
        self.data_dir = data_dir

    @property
    def log(self) -> Path:
        """What the process wrote, all its starts after each other."""
        return log_of(self.data_dir)

    @property
    def pid(self) -> int:
        """The process id of the server itself, not of its guard."""
        return self._server.pid

    @property
    def is_running(self) -> bool:
        """Whether its process has not ended."""
        return self._server.is_running

    async def stop(self) -> None:
        """Let it write what it has in memory and end."""
        await self._server.stop()

    async def kill(self) -> None:
        """End it as `kill -9` does."""
        await self._server.kill()

    async def start_again(self) -> None:
        """Start it after its end, on the same ports and data. Raises as `Server.start` does."""
        await self._server.start_again()

    async def restart(self) -> None:
        """Stop it in good order and start it on the same ports."""
        await self._server.restart()

    def pause(self) -> None:
        """Hang it: connections stay open and nothing answers."""
        self._server.pause()

    def resume(self) -> None:
        """End a `pause`."""
        self._server.resume()


def log_of(data_dir: Path) -> Path:
    """The file that gets what a server on this folder writes."""
    return data_dir / "logs" / "process.log"
