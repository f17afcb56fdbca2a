package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"centralita/crm/audit"
)

// staleCheckpoint is an age of the last checkpoint at which a running instance has
// surely had something to sign.
const staleCheckpoint = 24 * time.Hour

// lookLog looks at the checkpoints of the log and at their key.
func lookLog(_ context.Context, p Patient) Finding {
	dir := p.Getenv("CENTRALITA_AUDIT_DIR")
	if dir == "" {
		dir = p.Dir.Audit()
	}
	d, err := audit.Inspect(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return good("no checkpoint yet: the first start makes the key in " + dir)
	case err != nil:
		return failure(err.Error(), "chmod 600 "+filepath.Join(dir, audit.KeyFile)+", or give the folder to the user of the server")
	case len(d.Findings) > 0:
		return failure(d.Findings[0].Text, "run `centralita audit verify`; somebody has changed the file of checkpoints")
	case d.Last == nil:
		return good("no checkpoint yet; key " + d.Key)
	}
	detail := fmt.Sprintf("key %s, %d checkpoints, the last of %s", d.Key, d.Count, d.Last.At.Format(time.RFC3339))
	if _, err := p.Dir.ReadState(); err == nil && time.Since(d.Last.At) > staleCheckpoint {
		return doubt(detail, "see the state of the log on the screen Log, and the server's own log")
	}
	return good(detail)
}
