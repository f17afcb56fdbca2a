#!/usr/bin/env bash
# Backs up the database, the recordings, the uploaded files and the checkpoints of the log.
#
#   deploy/backup.sh TARGET_DIR
#
#   DATABASE_URL            the database; unset: that of the instance that runs on this machine
#   CENTRALITA_FILES_DIR    finished recordings and uploaded files (default /var/lib/centralita/files)
#   CENTRALITA_AUDIT_DIR    checkpoints of the log (default /var/lib/centralita/audit)
#   CENTRALITA_BACKUP_KEEP  how many backups to keep in TARGET_DIR (default 14)
#   CENTRALITA_PG_BIN       directory of pg_dump, not older than the server (default: the newest)
#
# The checkpoints are copied first, then the database, then the files: no checkpoint in the backup
# speaks of more than the dump holds, and no restored row misses its recording. The key that signs
# checkpoints stays where it is: a backup that holds it could vouch for a forged log. A backup appears under its name only
# when it is whole. Its last line of output is its path.
set -euo pipefail
umask 077
target=${1:?"usage: backup.sh TARGET_DIR"}
files=${CENTRALITA_FILES_DIR:-/var/lib/centralita/files}
audit=${CENTRALITA_AUDIT_DIR:-/var/lib/centralita/audit}
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

if [ -d "$audit" ]; then
	tar --create --file="$work/audit.tar" --directory="$audit" --exclude='*.key' --sort=name .
else
	tar --create --file="$work/audit.tar" --files-from=/dev/null
fi
pg pg_dump --dbname="$url" --format=custom --no-owner --no-privileges --file="$work/database.dump"
if [ -d "$files" ]; then
	tar --create --file="$work/files.tar" --directory="$files" --sort=name .
else
	tar --create --file="$work/files.tar" --files-from=/dev/null
fi
(cd "$work" && sha256sum audit.tar database.dump files.tar >SHA256SUMS)
sync "$work"/*
mv "$work" "$target/$name"
trap - EXIT

find "$target" -maxdepth 1 -type d -name 'centralita-*Z' | sort | head -n "-$keep" | while read -r old; do
	rm -rf "$old"
done
echo "$target/$name"
