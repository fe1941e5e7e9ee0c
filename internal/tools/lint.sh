#!/usr/bin/env bash
# Everything that can be said about the tree without running it. All linters
# run; the exit code is 1 if any had something to say.
set -uo pipefail
cd "$(dirname "$0")/../.."
failed=0

step() {
	local name=$1
	shift
	"$@" || { printf 'lint: %s found something\n' "$name" >&2; failed=1; }
}

formatted() {
	local wrong
	wrong=$(git ls-files --cached --others --exclude-standard '*.go' | xargs -r ls 2>/dev/null | xargs -r gofmt -l)
	[ -z "$wrong" ] || { printf 'not formatted (make fmt):\n%s\n' "$wrong"; return 1; }
}

scripts() {
	local f bad=0
	for f in internal/tools/*.sh packaging/scripts/*.sh .ci/run; do
		[ ! -e "$f" ] || bash -n "$f" || bad=1
	done
	return $bad
}

examples() {
	local files
	files=$(find examples -name '*.hcl' 2>/dev/null)
	# shellcheck disable=SC2086 # a list of files, named by us
	[ -z "$files" ] || go run ./cmd/tidegate fmt --check $files
}

make --no-print-directory tools || exit 1
step gofmt formatted
step 'bash -n' scripts
step 'go vet' go vet ./...
step 'go vet (tools)' go -C internal/tools vet ./...
step staticcheck bin/tools/staticcheck ./...
step 'the import table' go test ./internal/arch
step 'generated code' internal/tools/generate.sh --check
step 'tidegate fmt' examples
exit $failed
