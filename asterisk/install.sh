#!/bin/sh
# Gets a real Asterisk, 22.10.1 or later, and prints the root it lives in as its last line.
#
# A system Asterisk that is new enough is used as it is: the root is then "/". Otherwise Debian
# testing's packages are unpacked into a root of their own, outside the work tree, and nothing
# else on the machine is touched.
#
# Safe to run again (a finished root is recognised at once), side by side (a lock) and after a
# kill at any moment (the root is built beside its place and renamed into it when complete).
#
#   CENTRALITA_ASTERISK_ROOT   where the root goes; default /var/cache/centralita/asterisk
#   CENTRALITA_DEBIAN_MIRROR   URL of a Debian archive; default: the one this machine's apt uses
set -eu

ROOT=${CENTRALITA_ASTERISK_ROOT:-/var/cache/centralita/asterisk}
MINIMUM=22.10.1
SUITE=forky
PACKAGES="asterisk asterisk-core-sounds-en-gsm asterisk-core-sounds-es-gsm asterisk-core-sounds-ru-gsm ca-certificates"
STAMP=.centralita-complete

say() { echo "asterisk: $*" >&2; }
fail() { say "$*"; exit 1; }

# new_enough VERSION: is it MINIMUM or later?
new_enough() {
	[ -n "$1" ] && [ "$(printf '%s\n%s\n' "$MINIMUM" "$1" | sort -V | head -n 1)" = "$MINIMUM" ]
}

system_version() {
	command -v asterisk >/dev/null 2>&1 || return 0
	asterisk -V 2>/dev/null | sed -n 's/^Asterisk \([0-9][0-9.]*\).*/\1/p'
}

# mirror: the archive that this machine's own apt takes its Debian packages from.
mirror() {
	if [ -n "${CENTRALITA_DEBIAN_MIRROR:-}" ]; then
		echo "$CENTRALITA_DEBIAN_MIRROR"
		return
	fi
	apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(COMPONENT)|$(CREATED_BY)|$(REPO_URI)' |
		sed -n 's/^Debian|Debian|main|Packages|//p' | head -n 1
}

# proxy: the way out that apt is told to use, for debootstrap, which does not read apt's settings.
proxy() {
	eval "$(apt-config shell HTTP_PROXY_OF_APT Acquire::http::Proxy HTTPS_PROXY_OF_APT Acquire::https::Proxy)"
	[ -z "${HTTP_PROXY_OF_APT:-}" ] || export http_proxy="$HTTP_PROXY_OF_APT"
	[ -z "${HTTPS_PROXY_OF_APT:-}" ] || export https_proxy="$HTTPS_PROXY_OF_APT"
}

# keyring: Debian's own archive keys, against which the release signature is verified.
keyring() {
	for ring in /usr/share/keyrings/debian-archive-keyring.gpg /usr/share/keyrings/debian-archive-keyring.pgp; do
		[ -r "$ring" ] && { echo "$ring"; return; }
	done
	fail "no Debian archive keyring: install debian-archive-keyring"
}

# script: debootstrap's recipe. An older debootstrap does not know the suite by name; sid's serves.
script() {
	for recipe in "/usr/share/debootstrap/scripts/$SUITE" /usr/share/debootstrap/scripts/sid; do
		[ -r "$recipe" ] && { echo "$recipe"; return; }
	done
	fail "debootstrap has no usable recipe"
}

need_debootstrap() {
	command -v debootstrap >/dev/null 2>&1 && return
	command -v apt-get >/dev/null 2>&1 || fail "no debootstrap and no apt-get: install Asterisk $MINIMUM or later by hand"
	say "installing debootstrap"
	DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends debootstrap debian-archive-keyring >&2
}

# in_root COMMAND...: runs it inside the unfinished root, with no service ever started.
in_root() {
	chroot "$NEW" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
		DEBIAN_FRONTEND=noninteractive \
		${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} "$@" >&2
}

build() {
	from=$(mirror)
	[ -n "$from" ] || fail "this machine's apt knows no Debian archive: set CENTRALITA_DEBIAN_MIRROR"
	proxy
	say "unpacking Debian $SUITE into $ROOT (about 650 MB, under a minute on a good line)"
	debootstrap --variant=minbase --force-check-gpg --keyring="$(keyring)" \
		"$SUITE" "$NEW" "$from" "$(script)" >&2
	printf '#!/bin/sh\nexit 101\n' >"$NEW/usr/sbin/policy-rc.d"
	chmod 755 "$NEW/usr/sbin/policy-rc.d"
	printf '127.0.0.1 localhost %s\n' "$(hostname)" >"$NEW/etc/hosts"
	# A mirror's snapshot of testing may be weeks old; its signature is still verified.
	in_root apt-get -q -o Acquire::Check-Valid-Until=false update
	# shellcheck disable=SC2086
	in_root apt-get -q install -y --no-install-recommends $PACKAGES
	in_root apt-get -q clean
	rm -rf "$NEW"/var/lib/apt/lists/*
	version=$(chroot "$NEW" asterisk -V | sed -n 's/^Asterisk \([0-9][0-9.]*\).*/\1/p')
	new_enough "$version" || fail "the archive has Asterisk '$version', $MINIMUM or later is needed"
	chmod 755 "$NEW"
	echo "$version" >"$NEW/$STAMP"
}

main() {
	if [ -z "${CENTRALITA_ASTERISK_ROOT:-}" ] && new_enough "$(system_version)"; then
		say "using the system's Asterisk $(system_version)"
		echo /
		return
	fi
	if [ -r "$ROOT/$STAMP" ] && new_enough "$(cat "$ROOT/$STAMP")"; then
		echo "$ROOT"
		return
	fi
	[ "$(id -u)" = 0 ] || fail "no Asterisk root at $ROOT yet; run this once as root"
	mkdir -p "$(dirname "$ROOT")"
	exec 9>"$ROOT.lock"
	flock 9
	if [ -r "$ROOT/$STAMP" ] && new_enough "$(cat "$ROOT/$STAMP")"; then
		echo "$ROOT"
		return
	fi
	need_debootstrap
	# What a killed run left; its mounts ended with its namespace.
	rm -rf --one-file-system "$ROOT".new.*
	NEW=$ROOT.new.$$
	export NEW
	trap 'rm -rf --one-file-system "$NEW"' EXIT INT TERM
	build
	if [ -e "$ROOT" ]; then
		mv "$ROOT" "$ROOT.new.old.$$"
	fi
	mv "$NEW" "$ROOT"
	rm -rf --one-file-system "$ROOT".new.*
	say "Asterisk $(cat "$ROOT/$STAMP") is ready in $ROOT"
	echo "$ROOT"
}

# debootstrap mounts file systems inside the root. A mount namespace of our own takes them away
# whatever happens to us; where that is not allowed (some containers) it goes without.
if [ "${CENTRALITA_UNSHARED:-}" = "" ] && [ "$(id -u)" = 0 ] && unshare --mount true 2>/dev/null; then
	export CENTRALITA_UNSHARED=1
	exec unshare --mount "$0" "$@"
fi
main
