"""One target under the fuzzer, in a process of its own, which libFuzzer ends: `python -m tests.fuzz.child NAME …`."""

import importlib
import sys

import atheris


def main() -> None:
    """Fuzz until libFuzzer's own options, which follow the target's name, say that it is enough."""
    name, *options = sys.argv[1:]
    # Only what is imported within is looked at for what an input reaches.
    with atheris.instrument_imports(include=["kgraph"], enable_loader_override=False):
        targets = importlib.import_module("tests.fuzz.targets")
    atheris.Setup([sys.argv[0], *options], targets.BY_NAME[name].try_out)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
