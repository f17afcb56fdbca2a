package app

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"centralita/callcenter"
	"centralita/callcenter/api"
	"centralita/callcenter/store"
	"centralita/crm/access"
	"centralita/crm/audit"
	"centralita/crm/client"
	"centralita/crm/lead"
	"centralita/crm/message"
	"centralita/crm/reminder"
	"centralita/internal/postgres"
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

// logged are the kinds of records that the log speaks of, by its own words for
// them.
var logged = map[string]access.Resource{
	"client": client.Clients, "lead": lead.Leads, "call": callRights, "message": message.Messages, "reminder": reminder.Reminders,
	"import": {Entity: access.Import, Owner: "created_by", Table: "imports"},
}

// offices are the kinds of things in the log that hold nothing of any client.
var offices = []string{
	"user", "session", "token", "role", "team", "firm", "quota", "section", "field", "dictionary", "line", "message_template", "import_mapping",
	"audit", "alert", "webhook",
}

// veil leaves in the log, for a reader who does not see everything, what was changed of records that he may read now,
// and of them what their cards show him. What somebody else searched for is that one's.
func (a *App) veil(ctx context.Context, rows []audit.AuditRow) (err error) {
	readable := map[string]map[int64]bool{}
	for entity, r := range logged {
		if readable[entity], err = a.readable(ctx, r, rows, entity); err != nil {
			return err
		}
	}
	me, numbers := a.who(ctx), access.FieldMask(ctx, access.PhoneField)
	hidesNames := access.ScopeOf(ctx, access.Client, access.Read) < access.All
	for i := range rows {
		row := &rows[i]
		own := row.UserID != nil && *row.UserID == me
		switch {
		case slices.Contains(offices, row.Entity) && !row.Look, row.Look && own:
		case !readable[row.Entity][row.EntityID]:
			row.Changes = []audit.Difference{}
		case row.Entity == "client":
			row.Changes, err = client.Past(ctx, row.Action, row.UserID, row.Changes)
		default:
			row.Changes = slices.DeleteFunc(row.Changes, func(c audit.Difference) bool { return hidesNames && strings.HasSuffix(c.Path, "client_name") })
			row.Changes, err = audit.Masked(numbers, row.Changes)
		}
		if err != nil {
			return err
		}
		if row.Changes == nil {
			row.Changes = []audit.Difference{}
		}
	}
	return nil
}

// readable are those of the records in rows that ctx's actor may read.
func (a *App) readable(ctx context.Context, r access.Resource, rows []audit.AuditRow, entity string) (map[int64]bool, error) {
	ids := []int64{}
	for _, row := range rows {
		if row.Entity == entity && row.EntityID != 0 {
			ids = append(ids, row.EntityID)
		}
	}
	found := map[int64]bool{}
	if len(ids) == 0 {
		return found, nil
	}
	args := []any{ids}
	mine := r.Where(ctx, access.Read, "t", func(v any) string {
		args = append(args, v)
		return "$" + strconv.Itoa(len(args))
	})
	sql := strings.NewReplacer("{table}", r.Table, "{mine}", mine).Replace("select t.id from {table} t where t.id = any($1) and {mine}")
	list, err := a.db.Conn(ctx).Query(ctx, sql, args...)
	if err != nil {
		return nil, postgres.Classify(err)
	}
	known, err := pgx.CollectRows(list, pgx.RowTo[int64])
	for _, id := range known {
		found[id] = true
	}
	return found, postgres.Classify(err)
}

// notedCalls are the stored calls, whose lists are noted before they are shown.
type notedCalls struct {
	*store.Books
	log *audit.Log
}

// List returns a page of calls once it is written down who looks at it.
func (n notedCalls) List(ctx context.Context, f api.Filter, readable api.Condition) (calls []callcenter.Call, next string, err error) {
	err = n.log.Look(ctx, "call.list", "call", 0, audit.Asked(map[string]any{
		"client_id": f.ClientID, "lead_id": f.LeadID, "user_id": f.UserID, "outcome": f.Outcome, "cursor": f.Cursor,
	}))
	if err != nil {
		return nil, "", err
	}
	return n.Books.List(ctx, f, readable)
}
