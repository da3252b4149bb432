"""Files that hold secrets."""

import os
from pathlib import Path


def write_private(file: Path, text: str) -> None:
    """Write a file that only we may read, from its first moment, and that is on the disk when this returns."""
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(opened.fileno())
