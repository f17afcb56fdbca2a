#!/usr/bin/env bash
# Backs up the database, the recordings and the uploaded files.
#
#   deploy/backup.sh TARGET_DIR
#
#   DATABASE_URL            the database; unset: that of the instance that runs on this machine
#   CENTRALITA_FILES_DIR    finished recordings and uploaded files (default /var/lib/centralita/files)
#   CENTRALITA_BACKUP_KEEP  how many backups to keep in TARGET_DIR (default 14)
#   CENTRALITA_PG_BIN       directory of pg_dump, not older than the server (default: the newest)
#
# The database is dumped first, the files after it: every file that the dump speaks of was there
# before the dump, so no restored row misses its recording. A backup appears under its name only
# when it is whole. Its last line of output is its path.
set -euo pipefail
umask 077
target=${1:?"usage: backup.sh TARGET_DIR"}
files=${CENTRALITA_FILES_DIR:-/var/lib/centralita/files}
keep=${CENTRALITA_BACKUP_KEEP:-14}

pg() { # pg PROGRAM ARGUMENT...
	local bin=${CENTRALITA_PG_BIN:-$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)}
	local program=$1
	shift
	"${bin:+$bin/}$program" "$@"
}

url=${DATABASE_URL:-$(centralita status --json | sed -n 's/^  "postgres": "\(.*\)",$/\1/p')}
[ -n "$url" ] || { echo "backup: no DATABASE_URL, and nothing runs here" >&2; exit 1; }

name=centralita-$(date -u +%Y%m%dT%H%M%S.%NZ)
work=$target/.$name.unfinished
mkdir -p "$work"
trap 'rm -rf "$work"' EXIT

pg pg_dump --dbname="$url" --format=custom --no-owner --no-privileges --file="$work/database.dump"
if [ -d "$files" ]; then
	tar --create --file="$work/files.tar" --directory="$files" --sort=name .
else
	tar --create --file="$work/files.tar" --files-from=/dev/null
fi
(cd "$work" && sha256sum database.dump files.tar >SHA256SUMS)
sync "$work"/*
mv "$work" "$target/$name"
trap - EXIT

find "$target" -maxdepth 1 -type d -name 'centralita-*Z' | sort | head -n "-$keep" | while read -r old; do
	rm -rf "$old"
done
echo "$target/$name"
