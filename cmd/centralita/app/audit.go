package app

import (
	"context"

	"centralita/callcenter/store"
	"centralita/crm/audit"
)

// signalAudit tells those who read the log that something waits for them.
const signalAudit = "audit.changed"

// makeAudit makes the log and its keeper. A card that a call brought to somebody
// counts towards no quota of his.
func (a *App) makeAudit() {
	a.audit = audit.NewLog(a.db)
	a.audit.Exempt(store.CallBrought)
	told := func() { a.live.Signal(context.Background(), signalAudit, nil) }
	a.audit.OnAlert(told)
	a.keeper = audit.NewKeeper(a.audit, audit.KeeperOptions{Dir: a.config.Files.AuditDir, Now: a.now, Alarm: told, Logger: a.log})
}
