"""The fuzzer: `make fuzz`, `make fuzz ARGS="--target search --seconds 600"`.

Each target runs in a process of its own. What it learns is kept in build/fuzz; an input that breaks a promise becomes a
file of the corpus, which the suite replays: mend the parser, and commit both.
"""

import argparse
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from tests.fuzz.targets import BY_NAME, CORPUS, TARGETS

LEARNT = Path("build/fuzz")
BYTES_MOST = 4096  # longer ones are bombs, which tests/bombs.py has
SECONDS_MOST = 20  # for one input; a quadratic step shows before that
MEGABYTES_MOST = 2048


def main() -> None:
    """Run the targets that are asked for, one after another; end with 1 where anything was found."""
    asked = argparse.ArgumentParser(prog="make fuzz ARGS=", description=__doc__)
    asked.add_argument("--target", action="append", choices=list(BY_NAME), help="again for more; all unless told")
    asked.add_argument("--seconds", type=int, default=30, help="for each target")
    given = asked.parse_args()
    found = []
    for name in given.target or [target.name for target in TARGETS]:
        sys.stdout.write(f"{name}: {BY_NAME[name].doc}\n")
        sys.stdout.flush()
        found += fuzz(name, given.seconds)
    for file in found:
        sys.stdout.write(f"found: {file}\n")
    sys.exit(bool(found))


def fuzz(name: str, seconds: int) -> list[Path]:
    """Fuzz one target; the inputs that it failed at, in its corpus."""
    learnt, broken = LEARNT / name, LEARNT / "broken" / name
    for folder in (learnt, broken, CORPUS / name):
        folder.mkdir(parents=True, exist_ok=True)
    options = [
        f"-max_total_time={seconds}", f"-max_len={BYTES_MOST}", f"-timeout={SECONDS_MOST}", "-print_final_stats=1",
        f"-rss_limit_mb={MEGABYTES_MOST}", f"-artifact_prefix={broken}/", str(learnt), str(CORPUS / name),
    ]  # fmt: skip
    with (LEARNT / f"{name}.log").open("wb") as log:
        ended = subprocess.run(
            [sys.executable, "-m", "tests.fuzz.child", name, *options], stdout=log, stderr=log, check=False
        )
    said = (LEARNT / f"{name}.log").read_text("utf-8", "replace").splitlines()
    runs = next((line.split()[-1] for line in said if "number_of_executed_units" in line), "0")
    sys.stdout.write(f"  {runs} inputs, {sum(1 for _ in learnt.iterdir())} kept\n")
    inputs = [file for file in broken.iterdir() if not file.name.startswith("slow-unit")]
    if ended.returncode and not inputs:
        sys.exit(f"  it did not run, see {LEARNT / name}.log: {' / '.join(said[-3:])}")
    kept = []
    for file in inputs:
        digest = hashlib.sha256(file.read_bytes()).hexdigest()[:8]
        kept.append(CORPUS / name / f"found-{digest}")
        shutil.move(file, kept[-1])
        sys.stdout.writelines(f"  {line}\n" for line in said if "Error" in line or "ALARM" in line)
    return kept


if __name__ == "__main__":
    main()
