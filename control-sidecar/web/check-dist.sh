#!/bin/sh
# Proves that the committed dist/ is what the sources build: rebuilds beside it and compares.
set -eu
cd "$(dirname "$0")"
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
npm ci --silent
npx --no-install tsc --noEmit
npx --no-install vite build --logLevel warn --emptyOutDir --outDir "$fresh"
if diff -r dist "$fresh"; then
  echo "dist is current"
else
  echo "dist is stale: run 'npm run build' in control-sidecar/web and commit dist/" >&2
  exit 1
fi
