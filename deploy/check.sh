#!/usr/bin/env bash
# What `make check` does: every rule is tried, all that fail are told.
#   deploy/check.sh LINTER BINARY
set -uo pipefail
cd "$(dirname "$0")/.."
linter=$1
binary=$2
failed=()
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# rule NAME COMMAND...: tries it; its output is shown when it fails.
rule() {
	local name=$1
	shift
	if "$@" >"$scratch/out" 2>&1; then
		echo "ok    $name"
	else
		echo "FAIL  $name"
		sed 's/^/      /' "$scratch/out"
		failed+=("$name")
	fi
}

# gofmt tells by its output, not by its status.
go_formatted() {
	local files
	files=$(git ls-files -- '*.go' | xargs gofmt -l)
	[ -z "$files" ] || { echo "not formatted:"; echo "$files"; return 1; }
}

openapi_fresh() {
	"$binary" openapi >"$scratch/openapi.json" && diff -u docs/openapi.json "$scratch/openapi.json" | head -n 40
	return "${PIPESTATUS[0]}"
}

api_types_fresh() {
	(cd frontend && npx --no-install openapi-typescript ../docs/openapi.json -o "$scratch/schema.d.ts" >/dev/null) &&
		diff -u frontend/src/api/schema.d.ts "$scratch/schema.d.ts" | head -n 40
	return "${PIPESTATUS[0]}"
}

shell_scripts() {
	local script
	for script in $(git ls-files -- '*.sh' .ci/run); do
		bash -n "$script" || return
	done
}

in_app() { (cd frontend && npm run --silent "$1"); }

rule "Go formatting" go_formatted
rule "Go lint" "$linter" run --allow-parallel-runners ./...
rule "import fences and idioms" go test ./internal/archtest
rule "shell scripts" shell_scripts
rule "docs/openapi.json is fresh (make generate)" openapi_fresh
rule "the app's API types are fresh (make generate)" api_types_fresh
rule "TypeScript types" in_app typecheck
rule "TypeScript lint" in_app lint
rule "TypeScript formatting" in_app format:check
rule "translations are complete" in_app i18n:check

if [ ${#failed[@]} -gt 0 ]; then
	echo "${#failed[@]} failed"
	exit 1
fi
