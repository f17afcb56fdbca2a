#!/usr/bin/env bash
# Installs what is missing on a Debian or Ubuntu machine, and nothing else. Quick when all is there.
#
#   deploy/setup.sh            what `make run` needs
#   deploy/setup.sh --tests    what `make test` needs besides
#
# No service of the machine is started, stopped, enabled or configured: only programs are needed.
# Packages, Go modules and npm packages come from wherever this machine is configured to take them.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { echo "setup: $*" >&2; }
fail() { say "$*"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# have_postgres: is there a server of version 15 or later?
have_postgres() {
	local dir
	for dir in /usr/lib/postgresql/*/bin; do
		[ -x "$dir/postgres" ] && [ "$(basename "$(dirname "$dir")")" -ge 15 ] && return
	done
	have postgres
}

# missing_packages: the packages whose programs are not there.
missing_packages() {
	have_postgres || echo postgresql
	have opusenc || echo opus-tools
	have espeak-ng || echo espeak-ng # the voice of `make call`
	[ -d /usr/share/zoneinfo/Europe ] || echo tzdata
	[ -e /etc/ssl/certs/ca-certificates.crt ] || echo ca-certificates
	[ "$TESTS" = no ] && return
	have redis-server || echo redis-server
	have chromium || echo chromium
	have gcc || echo gcc libc6-dev # the race detector links with it
}

# without_services COMMAND...: runs it while packages may not start or stop services.
without_services() {
	local policy=/usr/sbin/policy-rc.d kept="" status=0
	if [ -e "$policy" ]; then
		kept=$(mktemp)
		cp -p "$policy" "$kept"
	fi
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
	"$@" || status=$?
	if [ -n "$kept" ]; then
		cp -p "$kept" "$policy"
		rm -f "$kept"
	else
		rm -f "$policy"
	fi
	return "$status"
}

# apt_install PACKAGE...: what it says is shown only when it fails.
apt_install() {
	local log status=0
	log=$(mktemp)
	DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
		-o Dpkg::Options::=--force-confold -o Dpkg::Use-Pty=0 "$@" >"$log" 2>&1 || status=$?
	[ "$status" = 0 ] || tail -n 20 "$log" >&2
	rm -f "$log"
	return "$status"
}

# install_packages PACKAGE...: with the package lists as they are, or else with fresh ones.
install_packages() {
	local cluster=/etc/postgresql-common/createcluster.conf fresh_cluster=no
	have apt-get || fail "missing: $*; this is no Debian or Ubuntu, please install them by hand"
	[ "$(id -u)" = 0 ] || fail "missing: $*; run once as root: deploy/setup.sh"
	say "installing $*"
	if [ ! -e "$cluster" ]; then # a server that comes only for its programs gets no cluster of its own
		mkdir -p "$(dirname "$cluster")"
		echo "create_main_cluster = false" >"$cluster"
		fresh_cluster=yes
	fi
	without_services apt_install "$@" ||
		{ say "the package lists may be stale, fetching them" && apt-get update -qq >&2 && without_services apt_install "$@"; } || fail "could not install $*"
	if [ "$fresh_cluster" = yes ] && ! have pg_createcluster; then
		rm -f "$cluster"
	fi
	disable_new "$@"
}

# disable_new PACKAGE...: what we brought for its program alone shall not start at boot.
disable_new() {
	local package
	have systemctl || return 0
	for package in "$@"; do
		case $package in
		redis-server | postgresql) systemctl disable --quiet "$package.service" 2>/dev/null || say "could not disable $package.service" ;;
		esac
	done
}

check_tools() {
	have go || fail "Go is missing (see go.mod for the version)"
	have node || fail "Node 20 or later is missing"
	have npm || fail "npm is missing"
}

# frontend_modules: npm ci, when the lock file is newer than what is installed.
frontend_modules() {
	local stamp=frontend/node_modules/.package-lock.json
	if [ ! -e "$stamp" ] || [ frontend/package-lock.json -nt "$stamp" ]; then
		say "installing npm packages"
		(cd frontend && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund --loglevel=error >&2)
		touch "$stamp"
	fi
}

main() {
	local missing
	if have flock; then # two at once would pull the packages from under each other
		exec 9<frontend
		flock 9
	fi
	TESTS=no
	[ "${1:-}" = --tests ] && TESTS=yes
	check_tools
	missing=$(missing_packages)
	if [ -n "$missing" ]; then
		# shellcheck disable=SC2086
		install_packages $missing
	fi
	frontend_modules
	asterisk/install.sh >/dev/null
}

main "$@"
