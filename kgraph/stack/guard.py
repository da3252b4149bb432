"""The process between us and a server: it ends the server when we end, however we end.

Run as a script, not imported: `python -I -S guard.py GRACE_SECONDS COMMAND...`, with nothing but the standard
library, so that it is up in some twenty milliseconds. Its standard input is a pipe whose other end only we
hold; no signal and no code of ours is needed for that pipe to close, so kill -9 is covered too. On its
standard output it says, one line each:

    started PID         the server runs
    failed REASON       the server could not be started
    exited CODE         the server has ended (negative: the signal)

Its standard error is the server's log: the server gets it as its standard output and error. Other open files
that it is given it keeps, unused, until it ends: a lock on a data folder then lasts as long as the server does.
"""

import contextlib
import ctypes
import os
import select
import signal
import sys
import time

PR_SET_PDEATHSIG = 1
ORPHAN_CHECK_SECONDS = 1.0  # the pipe tells at once; this is for a fork of ours that keeps the pipe open


def say(line: str) -> None:
    """Tell the parent, if it is still there to be told."""
    with contextlib.suppress(OSError):
        os.write(1, f"{line}\n".encode())


def become_server(command: list[str], errors: int, guard: int) -> None:
    """In the forked child: a session of its own, a log instead of a terminal, and no life without the guard."""
    try:
        os.setsid()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != guard:  # it died before the line above took effect
                os._exit(1)
        os.closerange(3, errors)  # the guard's own files: the locks that it holds, its pipes
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(2, 1)
        os.execvp(command[0], command)  # noqa: S606 - there is no shell on purpose
    except OSError as error:
        os.write(errors, f"{command[0]}: {error.strerror}".encode())
    finally:
        os._exit(127)


def start(command: list[str]) -> int:
    """Fork and execute; the server's pid. Leaves the guard when the command cannot be executed."""
    errors, child_errors = os.pipe()  # not inheritable: a successful execution closes it
    guard = os.getpid()
    pid = os.fork()
    if pid == 0:
        become_server(command, child_errors, guard)
    os.close(child_errors)
    reason = os.read(errors, 4096).decode()
    os.close(errors)
    if reason:
        os.waitpid(pid, 0)
        say(f"failed {reason}")
        sys.exit(1)
    say(f"started {pid}")
    return pid


def has_ended(pid: int) -> bool:
    """Whether the server has ended; it is left unreaped, so that its pid and process group stay its own."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def send(pid: int, number: int) -> None:
    """Signal the server's whole session group, which exists as long as the server is not reaped."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, number)


def main() -> None:
    """Start the server, wait for its end or for ours, and leave nothing behind."""
    grace_seconds, command = float(sys.argv[1]), sys.argv[2:]
    parent = os.getppid()
    waker, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
    asked: list[int] = []
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda number, _: asked.append(number))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)

    pid = start(command)
    waits_on, deadline = [0, waker], None
    while not has_ended(pid):
        readable, _, _ = select.select(waits_on, [], [], ORPHAN_CHECK_SECONDS)
        if waker in readable:
            os.read(waker, 4096)
        if deadline is None and (0 in readable or asked or os.getppid() != parent):
            waits_on, deadline = [waker], time.monotonic() + grace_seconds
            os.kill(pid, signal.SIGTERM)
            send(pid, signal.SIGCONT)  # a stopped process would never see the request
        elif deadline is not None and time.monotonic() > deadline:
            send(pid, signal.SIGKILL)
    send(pid, signal.SIGKILL)  # what the server started and left behind
    _, status = os.waitpid(pid, 0)
    say(f"exited {os.waitstatus_to_exitcode(status)}")


if __name__ == "__main__":
    main()
