"""What a command can fail with.

    CliError              one clear paragraph on standard error, exit code 1
    ├── BadConfiguration  the file, a variable or an option says what cannot be; exit code 2
    ├── NothingRuns       there is no API to ask
    ├── Uncertain         `diff` could not compare; exit code 2, as 1 says that there is drift
    └── Refused           the API answered with an error

The errors of the other packages are told in the same way; see `main`.
"""

from collections.abc import Iterator


class CliError(Exception):
    """The message says what was attempted and what the reader can do."""

    exit_code = 1


class BadConfiguration(CliError):
    """The configuration cannot be used."""

    exit_code = 2


class NothingRuns(CliError):
    """No API answers at the address."""


class Uncertain(CliError):
    """Nothing can be said of a drift."""

    exit_code = 2


class Refused(CliError):
    """The API answered with an error; `code` is its `extensions.code`."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


def leaves(error: BaseException) -> Iterator[BaseException]:
    """The errors that a group of tasks ended with, or the one error itself."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from leaves(inner)
    else:
        yield error
