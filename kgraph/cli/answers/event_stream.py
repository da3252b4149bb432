"""The API's stream of events, followed for ever: a stream that breaks off is taken up again where it was.

httpx2 reads server-sent events, which httpx does not.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from random import uniform
from typing import Any, NoReturn

import httpx2
import msgspec

from kgraph.api.errors import BadUserInput, Forbidden, NotFound, TooComplex, Unauthenticated
from kgraph.cli.answers.client import Client, untrusted
from kgraph.cli.errors import NothingRuns, Refused
from kgraph.feed.event import Event, decoded

PATH = "/api/v1/events/stream"
# The API says that it lives every 15 s.
_TIMEOUT = httpx2.Timeout(60.0, connect=5.0)
_WAIT_FIRST_SECONDS = 1.0
_WAIT_MOST_SECONDS = 30.0
# Another replica may send again what came in its last seconds.
_REMEMBERED = 10_000
# Asking again changes nothing.
_FINAL = frozenset(each.code for each in (BadUserInput, Forbidden, NotFound, TooComplex, Unauthenticated))
# How the API calls the last event of a stream, which says why it ends.
_GONE = "gone"
_SESSION_OVER = "unauthenticated"
_ENDS = frozenset({_GONE, _SESSION_OVER, "dropped", "error"})
INITIAL = "INITIAL"
SYNCED = "SYNCED"


class Line(msgspec.Struct, frozen=True):
    """One event, with its JSON as it came; `initial` where it tells of what is there, not of a change."""

    event: Event
    data: str
    initial: bool = False


class Synced(msgspec.Struct, frozen=True):
    """All that is there has been told."""


class _BrokenOff(Exception):
    """The stream has ended, and may be taken up again; the message says why."""


class _Lost(_BrokenOff):
    """It can only begin anew."""


class Follower:
    """One stream; `query` are the API's parameters, `remark` tells a person, `wait` waits for some seconds."""

    def __init__(
        self,
        client: Client,
        query: Mapping[str, Any],
        *,
        initial: bool,
        remark: Callable[[str], None],
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._query = {name: value for name, value in query.items() if value}
        self._initial = initial
        self._remark = remark
        self._wait = wait
        self._last_id = ""
        self._told: deque[str] = deque(maxlen=_REMEMBERED)
        self._connected = False  # ever, so that a first failure is an answer and a later one is not
        self._fails = 0

    def follow(self) -> Iterator[Line | Synced]:
        """What comes, without end; NothingRuns where nobody answers at first, Refused where asking again is in vain."""
        while True:
            try:
                yield from self._stream()
            except _BrokenOff as why:
                if not self._connected:
                    raise NothingRuns(f"{why}; is that the API's address?") from why
                self._again(why)

    def _again(self, why: _BrokenOff) -> None:
        if isinstance(why, _Lost):
            self._last_id = ""
        seconds = min(_WAIT_FIRST_SECONDS * 2**self._fails, _WAIT_MOST_SECONDS)
        self._fails += 1
        self._remark(f"{why}; connecting again …")
        self._wait(uniform(seconds / 2, seconds))  # noqa: S311 - no secret, but not all at once

    def _stream(self) -> Iterator[Line | Synced]:
        settled = not self._initial or bool(self._last_id)
        query = self._query if settled else {**self._query, "initialState": "true"}
        headers = {**self._client.headers, **({"Last-Event-ID": self._last_id} if self._last_id else {})}
        address = f"{self._client.address}{PATH}"
        try:
            # A proxy of the environment is for the world outside; this is our own server, mostly on loopback.
            with (
                httpx2.Client(timeout=_TIMEOUT, trust_env=False, verify=self._client.trust) as http,
                http.sse(address, params=query, headers=headers, max_event_size=None) as source,
            ):
                if source.response.status_code != httpx2.codes.OK:
                    self._refuse(source.response)
                if self._fails:
                    self._remark("Following again." if self._last_id else "Following again, from now on.")
                self._connected = True
                for sent in source:
                    self._fails = 0
                    if settled and sent.id:
                        self._last_id = sent.id
                    if sent.event == SYNCED:
                        settled, self._last_id = True, sent.id
                        yield Synced()
                    elif sent.event == "message":
                        continue  # an id alone: from here on, nothing of what was wanted has happened yet
                    elif sent.event in _ENDS:
                        self._ended(sent.event, sent.data)
                    elif (line := self._line(sent.event, sent.data)) is not None:
                        yield line
        except httpx2.InvalidURL as cause:
            raise NothingRuns(f"{self._client.address!r} is no address") from cause
        except httpx2.HTTPError as cause:
            if not self._connected and (why := untrusted(cause)):
                raise NothingRuns(f"{self._client.address}: {why}") from cause
            what = "the stream broke off" if self._connected else "no API answers"
            raise _BrokenOff(f"{what} at {self._client.address} ({cause or type(cause).__name__})") from cause
        raise _BrokenOff(f"the API at {self._client.address} has ended the stream")

    def _line(self, name: str, data: str) -> Line | None:
        try:
            event = decoded(data.encode())
        except msgspec.ValidationError as cause:
            self._remark(f"An event was left out, which this version does not understand: {cause}")
            return None
        if name == INITIAL:
            return Line(event, data, initial=True)
        if event.event_id in self._told:
            return None
        self._told.append(event.event_id)
        return Line(event, data)

    def _refuse(self, response: httpx2.Response) -> NoReturn:
        """Raise what an answer that is no stream says: a problem, or something from another server."""
        try:
            problem = msgspec.json.decode(response.read())
        except msgspec.DecodeError:
            problem = None
        if not isinstance(problem, dict) or "detail" not in problem:
            said = f"{response.url.path} of {self._client.address} answered with status {response.status_code}"
            # A proxy whose API is being replaced is no reason to give up.
            raise _BrokenOff(said) if self._connected and response.is_server_error else Refused(said)
        if problem.get("code") in _FINAL or not self._connected:
            raise Refused(self._words(problem), str(problem.get("code", "")))
        raise _BrokenOff(str(problem["detail"]))

    def _ended(self, name: str, data: str) -> NoReturn:
        """Raise what the last event of a stream says: why it has ended."""
        problem = msgspec.json.decode(data)
        if name == _GONE:
            raise _Lost(f"events were lost: {problem['detail']}")
        # Whose session is over may have got another token meanwhile.
        if problem.get("code") in _FINAL and name != _SESSION_OVER:
            raise Refused(self._words(problem), problem["code"])
        raise _BrokenOff(problem["detail"])

    def _words(self, problem: Mapping[str, Any]) -> str:
        if problem.get("code") == Unauthenticated.code:
            return self._client.unknown(str(problem["detail"]))
        return str(problem["detail"])


def query(words: Sequence[str], **given: Any) -> dict[str, Any]:
    """The API's parameters: `words` are kinds as kubectl takes them, or one resource, `deploy/web`."""
    types = [part for word in words for part in word.split(",") if part]
    fields = given["field_selector"]
    if len(types) == 1 and "/" in types[0]:
        kind, _, name = types[0].partition("/")
        types, fields = [kind], ",".join(filter(None, (f"metadata.name={name}", fields)))
    return {
        "cluster": given["clusters"],
        "namespace": given["namespaces"],
        "resource_type": types,
        "labelSelector": given["selector"],
        "fieldSelector": fields,
        "minSeverity": given["min_severity"],
    }
