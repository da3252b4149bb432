#!/bin/sh
# Copies Swagger UI into kgraph/api/static/swagger. Needs npm; the result is committed, so that no page loads anything
# from elsewhere. Scripts of packages are not run: one of them reports installations.
set -eu
cd "$(dirname "$0")"
npm ci --ignore-scripts
for file in swagger-ui.css swagger-ui-bundle.js swagger-ui-bundle.js.LICENSE.txt LICENSE NOTICE; do
  cp "node_modules/swagger-ui-dist/$file" ../../kgraph/api/static/swagger/
done
