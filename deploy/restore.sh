#!/usr/bin/env bash
# Restores a backup into an empty database and an empty folder. Stop the server first.
#
#   deploy/restore.sh BACKUP_DIR
#
#   DATABASE_URL           the database to fill; it must exist and hold no table
#   CENTRALITA_FILES_DIR   the folder for recordings, absent or empty (default /var/lib/centralita/files)
#   CENTRALITA_AUDIT_DIR   the folder of the log's checkpoints (default /var/lib/centralita/audit)
#   CENTRALITA_PG_BIN      directory of pg_restore (default: the newest)
#
# Refuses a backup that does not match its checksums, and never writes over anything. Checkpoints
# that are there already know more than the backup and stay; where there are none they come from it.
# What is restored is compared with them; entries that were written after the backup are missed
# then, until `centralita audit restored` declares that they are lost.
set -euo pipefail
umask 077
backup=${1:?"usage: restore.sh BACKUP_DIR"}
files=${CENTRALITA_FILES_DIR:-/var/lib/centralita/files}
audit=${CENTRALITA_AUDIT_DIR:-/var/lib/centralita/audit}
url=${DATABASE_URL:?"restore: set DATABASE_URL"}

fail() { echo "restore: $*" >&2; exit 1; }
pg() { # pg PROGRAM ARGUMENT...
	local bin=${CENTRALITA_PG_BIN:-$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)}
	local program=$1
	shift
	"${bin:+$bin/}$program" "$@"
}

(cd "$backup" && sha256sum --check --quiet SHA256SUMS) || fail "$backup is damaged"
tables=$(pg psql --dbname="$url" --no-psqlrc --tuples-only --no-align \
	--command="SELECT count(*) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')")
[ "$tables" = 0 ] || fail "the database holds $tables tables already; restore into an empty one"
if [ -d "$files" ] && [ -n "$(ls -A "$files")" ]; then
	fail "$files is not empty"
fi

pg pg_restore --dbname="$url" --no-owner --no-privileges --exit-on-error --single-transaction "$backup/database.dump"
mkdir -p "$files"
tar --extract --file="$backup/files.tar" --directory="$files"
if [ -f "$backup/audit.tar" ] && { [ ! -d "$audit" ] || [ -z "$(ls -A "$audit")" ]; }; then
	mkdir -p "$audit"
	tar --extract --file="$backup/audit.tar" --directory="$audit"
fi
if command -v centralita >/dev/null && ! centralita audit verify --database "$url" --dir "$audit"; then
	echo "restore: when the missing entries are lost for good, say so: centralita audit restored --reason WHY" >&2
fi
echo "restored $backup"
