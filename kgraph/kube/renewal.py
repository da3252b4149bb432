"""Logins that someone hands out for a while: asked for once for all, ahead of their end, and after a 401."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Callable

import structlog

from kgraph.discreet import Discreet
from kgraph.kube.credentials import Login
from kgraph.kube.errors import KubeError

# A login is renewed this long before it ends, so that none ends on its way to the server; one that holds for a few
# minutes only, in the last quarter of them.
MARGIN_SECONDS = 30
MARGIN_SHARE = 1 / 4
# Whoever hands out the same login again (a plugin with a cache of its own), or fails, is not asked more often.
PAUSE_SECONDS = 10

_log = structlog.get_logger(__name__)


class Issued(Discreet, frozen=True):
    """A login, and for how many seconds from now it holds; None where nobody says."""

    login: Login
    seconds: float | None = None


class Renewing(ABC):
    """Keeps the login of `_issue` fresh.

    Time is this process's own (monotonic): a wall clock that is wrong, or is set, neither ends a login early nor
    keeps one too long.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._login: Login | None = None
        self._ends_at: float | None = None
        self._renew_at: float | None = None
        self._asked_at: float | None = None
        self._failure: KubeError | None = None
        self._asking: asyncio.Task[None] | None = None

    @abstractmethod
    async def _issue(self) -> Issued:
        """Ask for a login; KubeError where there is none to be had."""

    async def login(self) -> Login:
        """The login; while it holds, a failure to renew it is no reason not to use it."""
        if self._login is None or self._is_past(self._renew_at):
            await self._ask()
            if self._failure and (self._login is None or self._is_past(self._ends_at)):
                raise self._failure.with_traceback(None)
        assert self._login is not None
        return self._login

    async def renew(self, refused: Login) -> bool:
        """Ask again, unless that has been done since, and say whether the login is a new one."""
        if self._login == refused:
            await self._ask()
            if self._failure:
                raise self._failure.with_traceback(None)
        return self._login != refused

    def _is_past(self, moment: float | None) -> bool:
        return moment is not None and self._clock() >= moment

    async def _ask(self) -> None:
        """Ask, or wait for the answer that another caller waits for; nobody is asked twice within the pause.

        A caller that gives up does not end the asking: an issuer that rotates refresh tokens has then handed out one
        that nobody would know.
        """
        if self._asking is None or self._asking.done():
            if self._asked_at is not None and self._clock() - self._asked_at < PAUSE_SECONDS:
                return
            self._asking = asyncio.create_task(self._ask_now(), name="ask for a login")
        await asyncio.shield(self._asking)

    async def _ask_now(self) -> None:
        began_at = self._clock()
        try:
            issued = await self._issue()
        except KubeError as error:
            self._failure = error
            if self._login is not None:
                _log.warning("a login cannot be renewed", why=str(error))
        else:
            self._failure, self._login = None, issued.login
            self._ends_at = self._renew_at = None
            if issued.seconds is not None:
                self._ends_at = began_at + issued.seconds
                self._renew_at = self._ends_at - min(MARGIN_SECONDS, issued.seconds * MARGIN_SHARE)
        finally:
            self._asked_at = self._clock()
