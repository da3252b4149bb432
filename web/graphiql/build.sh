#!/bin/sh
# Builds the GraphiQL page into kgraph/api/static/graphiql. Needs node >= 20.19 and npm; the result is committed.
set -eu
cd "$(dirname "$0")"
npm ci
npm run build
