package lead

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"centralita/crm/access"
	"centralita/internal/fault"
	"centralita/internal/phone"
)

// New is a lead that a person enters. ClientID or Number may be missing; with
// neither there must be a note that says what it is about.
type New struct {
	ClientID int64
	Number   string // as written, read under the line's country
	LineID   int64
	Note     string
}

// Create opens a lead by hand, or continues the open one of the same identity
// and line; Continued tells which. A number that belongs to exactly one client
// is that client's. Lead, journal and audit entry are one statement.
func (l *Ledger) Create(ctx context.Context, n New) (Lead, error) {
	if err := l.mayOpen(ctx, n.ClientID); err != nil {
		return Lead{}, err
	}
	c, err := l.manual(ctx, n)
	if err != nil {
		return Lead{}, err
	}
	user := access.ActorFrom(ctx).UserID
	args := openArgs(c, user)
	audit, auditArgs, err := l.audit.Clause(ctx, "create", "lead", "l", len(args)+1, nil,
		map[string]any{"client_id": c.ClientID, "number": c.E164, "line_id": c.LineID, "note": c.Note})
	if err != nil {
		return Lead{}, err
	}
	sql := sqlOpen + ", a as (" + audit + ")" + sqlCreated
	lead := c.fresh()
	f, err := l.open(ctx, c, func(ctx context.Context, _ Contact) (filing, error) {
		return lead.scan(l.db.Conn(ctx).QueryRow(ctx, sql, append(args, auditArgs...)...))
	})
	if err != nil {
		return Lead{}, err
	}
	l.changed(ctx, f.LeadID, f.client)
	if f.Opened {
		return l.shown(ctx, lead, nil)
	}
	lead, err = l.read(ctx, f.LeadID)
	if fault.KindOf(err) == fault.NotFound { // somebody else's: he learns that it goes on, and no more
		lead, err = c.fresh(), nil
		lead.ID = f.LeadID
	}
	lead.Continued = true
	return l.shown(ctx, lead, err)
}

// sqlCreated ends sqlOpen with what is to be shown of a new lead, which saves
// reading it back.
const sqlCreated = `
select l.id, l.client_id, l.opened, l.value::text, l.opened_at, l.opened_at + make_interval(secs => f.lead_warn_seconds), f.currency,
       coalesce(c.name, ''), l.responsible_id, coalesce(r.name, ''), l.line_id, coalesce(n.name, ''), coalesce(n.number, ''), coalesce(n.color, '')
from l cross join firms f
left join clients c on c.id = l.client_id
left join users r on r.id = l.responsible_id
left join lines n on n.id = l.line_id`

// fresh is the lead that c opens, as far as c itself says.
func (c Contact) fresh() Lead {
	return Lead{Number: c.E164, NumberDisplay: displayed(c.E164, c.Raw), Source: c.Source, State: "open", Class: "new", Note: c.Note, Contacts: 1}
}

// scan fills in what sqlCreated returned.
func (l *Lead) scan(row pgx.Row) (f filing, err error) {
	var line *int64
	var ref LineRef
	err = row.Scan(&f.LeadID, &f.client, &f.Opened, &l.Value, &l.OpenedAt, &l.DueAt, &l.Currency, &l.ClientName, &l.ResponsibleID,
		&l.ResponsibleName, &line, &ref.Name, &ref.Number, &ref.Color)
	if err != nil {
		return filing{}, err
	}
	if line != nil {
		ref.ID = *line
		l.Line = &ref
	}
	l.ID, l.ClientID, l.LastContactAt, l.Value = f.LeadID, f.client, l.OpenedAt, money(l.Value)
	return f, nil
}

// manual makes a contact of what was entered.
func (l *Ledger) manual(ctx context.Context, n New) (Contact, error) {
	note, err := tidy(n.Note, "note")
	if err != nil {
		return Contact{}, err
	}
	c := Contact{Source: "manual", LineID: n.LineID, ClientID: n.ClientID, Raw: n.Number, Note: note, At: l.now(), UniqueKey: rand.Text()}
	if strings.TrimSpace(n.Number) == "" && n.ClientID == 0 && note == "" {
		return Contact{}, fault.New(fault.Invalid, "lead_empty", "Say who it is, or what it is about.").WithField("body.note", "required")
	}
	if n.Number != "" {
		if c.E164, err = l.number(ctx, n.Number, n.LineID); err != nil {
			return Contact{}, err
		}
	}
	return c.clean(), nil
}

// number reads a number under the country of a line, or the firm's.
func (l *Ledger) number(ctx context.Context, raw string, line int64) (string, error) {
	country := ""
	if !strings.HasPrefix(strings.TrimSpace(raw), "+") {
		err := l.db.Conn(ctx).QueryRow(ctx,
			"select coalesce((select country from lines where id = $1), (select country from firms), '')", line).Scan(&country)
		if err != nil {
			return "", fmt.Errorf("read country: %w", err)
		}
	}
	return phone.Parse(raw, country).E164, nil
}

// owner returns the one client a number surely belongs to, as sqlOpen has it, else 0.
func (l *Ledger) owner(ctx context.Context, e164 string) (int64, error) {
	rows, err := l.db.Conn(ctx).Query(ctx,
		"select distinct client_id from contact_readings where e164 = $1 and confidence >= 60 limit 2", e164)
	if err != nil {
		return 0, fmt.Errorf("find owner: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil || len(ids) != 1 {
		return 0, err
	}
	return ids[0], nil
}
