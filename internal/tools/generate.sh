#!/usr/bin/env bash
# Generates the Go code of api/. With --check it only compares: exit 1 if what
# is committed is not what the .proto files give.
set -euo pipefail
cd "$(dirname "$0")/../.."

make --no-print-directory tools
out=api
if [ "${1:-}" = --check ]; then
	out=$(mktemp -d)
	trap 'rm -rf "$out"' EXIT
fi

files=$(cd api && find . -name '*.proto' | sed 's|^\./||' | LC_ALL=C sort)
# shellcheck disable=SC2086 # one word per file
bin/tools/protogen -root api -out "$out" \
	-plugin bin/tools/protoc-gen-go -plugin bin/tools/protoc-gen-connect-go $files

if [ "$out" != api ]; then
	stale=0
	while read -r f; do
		cmp -s "$out/$f" "api/$f" || { echo "api/$f is not what its .proto gives: run make generate" >&2; stale=1; }
	done < <(cd "$out" && find . -name '*.go' | sed 's|^\./||')
	exit $stale
fi
