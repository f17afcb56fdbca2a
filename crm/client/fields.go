package client

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"centralita/crm/access"
	"centralita/internal/filter"
	"centralita/internal/phone"
)

// FieldSource brings fields that are not the product's own: those the firm made
// for itself. Their SQL speaks of the client as c.
type FieldSource func(ctx context.Context) ([]filter.Field, error)

// Extend has the lists know more fields. Call it before the server starts.
func (s *Service) Extend(source FieldSource) { s.sources = append(s.sources, source) }

// schema returns every field that a client can be listed by now.
func (s *Service) schema(ctx context.Context) (*filter.Schema, error) {
	out := ownFields
	if office := officeFor(ctx); office != "" {
		f, _ := out.Field("organisation", filter.Asker{})
		f.Show = office
		out = out.With(f)
	}
	for _, source := range s.sources {
		more, err := source(ctx)
		if err != nil {
			return nil, err
		}
		out = out.With(more...)
	}
	return out, nil
}

// officeFor is the column of organisations for an actor who may not see all of
// them: the names of those that he may. "" for whoever sees all.
func officeFor(ctx context.Context) string {
	may := Clients.Where(ctx, access.Read, "o", func(v any) string {
		if ids, ok := v.([]int64); ok {
			return "'{" + strings.Trim(strings.ReplaceAll(fmt.Sprint(ids), " ", ","), "[]") + "}'"
		}
		return strconv.FormatInt(v.(int64), 10) //nolint:forcetypeassert // a Resource binds users alone
	})
	if may == "true" {
		return ""
	}
	return "(select o.name from clients o where o.id = c.organisation_id and " + may + ")"
}

const (
	phonesOf   = "select p.client_id from contact_points p where p.kind = 'phone' and"
	mailsOf    = "select p.client_id from contact_points p where p.kind = 'email' and"
	callsOf    = "select k.client_id from calls k where k.client_id is not null and"
	leadsOf    = "select d.client_id from leads d where d.client_id is not null and"
	messagesOf = "select m.client_id from messages m where m.client_id is not null and"
	contactsOf = "select i.client_id from interactions i where i.client_id is not null and"
	tagsOf     = "select t.client_id from client_tags t where"
	placesOf   = "select a.client_id from client_addresses a where"
	upcomingOf = "select r.client_id from reminders r where r.client_id is not null and r.state = 'pending' and"
	openLeads  = "select d.client_id from leads_now d where d.client_id is not null and d.state = 'open' and"
)

var (
	leadClasses = []string{
		"lost", "new", "next_step_overdue", "answered_no_next_step", "our_dial_unanswered", "called_back_20m", "called_back_23h",
		"client_reached_us", "next_step_planned",
	}
	leadClosings = []string{
		"converted", "answered_resolved", "called_back_reached", "caller_returned", "duplicate", "spam", "wrong_number", "written_off",
	}
	callOutcomes = []string{
		"answered", "missed", "voicemail", "abandoned", "busy", "no_answer", "wrong_number", "unreachable", "declined", "cancelled", "failed",
	}
)

// ownFields are what the product itself knows of a client, in the order in which
// they are offered. Everything is said in constants.
var ownFields = filter.New("c.id",
	filter.Field{Key: "name", Type: filter.Text, SQL: "c.name_key", Show: "c.name", Fold: Fold, Sort: "c.name_key", Cast: "text", Ops: []string{"contains", "not_contains", "starts", "is", "is_not"}},
	filter.Field{Key: "kind", Type: filter.Choice, SQL: "c.kind", Choices: []string{"person", "organisation"}, Sort: "c.kind", Cast: "text", Ops: []string{"is", "is_not"}},
	filter.Field{Key: "phone", Type: filter.Text, SQL: "p.value", Set: phonesOf, Show: columnPhones, Fold: foldNumber, Right: "client.phone", Ops: []string{"starts", "contains", "empty", "filled"}},
	filter.Field{Key: "email", Type: filter.Text, SQL: "p.value", Set: mailsOf, Show: columnMails, Fold: lower, Right: "client.email", Ops: []string{"contains", "starts", "is", "empty", "filled"}},
	filter.Field{Key: "responsible", Type: filter.User, SQL: "c.responsible_id", Sort: "coalesce((select lower(u.name) from users u where u.id = c.responsible_id), '')", Cast: "text"},
	filter.Field{Key: "organisation", Type: filter.Ref, Of: "client", SQL: "c.organisation_id", Show: "(select o.name from clients o where o.id = c.organisation_id)", Ops: []string{"empty", "filled"}},
	filter.Field{Key: "position", Type: filter.Text, SQL: "lower(c.position)", Show: "c.position", Fold: lower, Ops: []string{"contains", "is", "empty", "filled"}},
	filter.Field{Key: "tags", Type: filter.Ref, Of: "tag", SQL: "t.tag_id", Set: tagsOf, Show: columnTags},
	filter.Field{Key: "source", Type: filter.Ref, Of: "source", SQL: "c.source_id", Show: "(select s.name from client_sources s where s.id = c.source_id)"},
	filter.Field{Key: "city", Type: filter.Text, SQL: "a.city_key", Set: placesOf, Show: columnCities, Fold: Fold, Ops: []string{"starts", "is", "empty", "filled"}},
	filter.Field{Key: "country", Type: filter.Text, SQL: "a.country", Set: placesOf, Show: columnCountries, Fold: strings.ToUpper, Ops: []string{"is", "empty", "filled"}},
	filter.Field{Key: "archived", Type: filter.Bool, SQL: "c.archived_at is not null"},
	filter.Field{Key: "language", Type: filter.Choice, SQL: "nullif(c.language, '')", Choices: []string{"en", "es", "ru"}, Sort: "c.language", Cast: "text"},
	filter.Field{Key: "note", Type: filter.Text, SQL: "lower(c.note)", Show: "left(c.note, 200)", Fold: lower, Right: "client.note", Ops: []string{"contains", "not_contains", "empty", "filled"}},
	filter.Field{Key: "last_contact", Type: filter.Date, SQL: "c.last_contact_at", Sort: recentKey, Cast: "timestamptz"},
	filter.Field{Key: "silence", Type: filter.Date, SQL: recentKey, Ops: []string{"not_last"}},
	filter.Field{Key: "created", Type: filter.Date, SQL: "c.created_at", Sort: "c.created_at", Cast: "timestamptz", Ops: dated},
	filter.Field{Key: "updated", Type: filter.Date, SQL: "c.updated_at", Sort: "c.updated_at", Cast: "timestamptz", Ops: dated},
	filter.Field{Key: "created_by", Type: filter.User, SQL: "c.created_by"},
	filter.Field{Key: "sms_opt_out", Type: filter.Bool, SQL: "c.sms_opt_out_at is not null"},
	filter.Field{Key: "open_leads", Right: "all:lead", Type: filter.Events, Set: leadsOf + " d.state = 'open' and", At: "d.opened_at", Show: "(select count(*) from leads d where d.client_id = c.id and d.state = 'open')"},
	filter.Field{Key: "lead_class", Right: "all:lead", Type: filter.Choice, SQL: "d.class", Set: openLeads, Choices: leadClasses, Ops: []string{"is", "is_not"}},
	filter.Field{Key: "lead_closed", Right: "all:lead", Type: filter.Events, Set: leadsOf + " d.state = 'closed' and", At: "d.closed_at", Kinds: kinds("d.closing", leadClosings)},
	filter.Field{Key: "lead_line", Right: "all:lead", Type: filter.Ref, Of: "line", SQL: "d.line_id", Set: leadsOf, Ops: []string{"is", "is_not"}},
	filter.Field{Key: "calls", Right: "all:call", Type: filter.Events, Set: callsOf, At: "k.started_at", Kinds: append([]filter.Kind{{Key: "in", SQL: "k.direction = 'in'"}, {Key: "out", SQL: "k.direction = 'out'"}}, kinds("k.outcome", callOutcomes)...)},
	filter.Field{Key: "messages", Right: "all:message", Type: filter.Events, Set: messagesOf, At: "m.created_at", Kinds: append([]filter.Kind{{Key: "in", SQL: "m.direction = 'in'"}, {Key: "out", SQL: "m.direction = 'out'"}}, kinds("m.state", []string{"delivered", "undelivered", "failed"})...)},
	filter.Field{Key: "contacts", Right: "all:call", Type: filter.Events, Set: contactsOf, At: "i.at", Kinds: kinds("i.kind", []string{"call", "sms", "note", "email", "chat", "form"})},
	filter.Field{Key: "reminder", Right: "all:reminder", Type: filter.Date, SQL: "r.due_at", Set: upcomingOf, Ops: []string{"next", "on", "before", "after", "empty", "filled"}},
)

// dated are the operators of a time that is always there.
var dated = []string{"last", "not_last", "on", "before", "after", "between"}

// kinds are events told apart by a word in a column. The words are constants.
func kinds(column string, words []string) []filter.Kind {
	var out []filter.Kind
	for _, w := range words {
		out = append(out, filter.Kind{Key: w, SQL: column + " = '" + w + "'"})
	}
	return out
}

// Columns that are lists, oldest first, as JSON.
const (
	columnTags      = "(select coalesce(jsonb_agg(g.name order by lower(g.name)), '[]') from client_tags t join tags g on g.id = t.tag_id where t.client_id = c.id)"
	columnCities    = "(select coalesce(jsonb_agg(a.city order by a.id), '[]') from client_addresses a where a.client_id = c.id and a.city <> '')"
	columnCountries = "(select coalesce(jsonb_agg(a.country order by a.id), '[]') from client_addresses a where a.client_id = c.id and a.country is not null)"
	columnPhones    = "(select coalesce(jsonb_agg(p.value order by p.id), '[]') from contact_points p where p.client_id = c.id and p.kind = 'phone')"
	columnMails     = "(select coalesce(jsonb_agg(p.value order by p.id), '[]') from contact_points p where p.client_id = c.id and p.kind = 'email')"
)

// foldNumber is a number typed into a filter as the column holds it: with its
// plus, without what stands between the digits.
func foldNumber(s string) string {
	digits := phone.Digits(s)
	if len(s) > 0 && s[0] == '+' {
		return "+" + digits
	}
	return digits
}

// editable are the columns that a cell can be edited in.
var editable = []string{"name", "kind", "responsible", "language", "note"}

// FieldInfo is what a browser needs to offer a field.
type FieldInfo struct {
	Key       string   `json:"key"`
	Type      string   `json:"type" enum:"text,number,money,date,day,choice,user,ref,bool,events"`
	Label     string   `json:"label" doc:"Empty for a field that the product names"`
	Operators []string `json:"operators"`
	Choices   []string `json:"choices"`
	Kinds     []string `json:"kinds" doc:"Sorts of events"`
	Of        string   `json:"of" doc:"What a reference points at"`
	Sortable  bool     `json:"sortable"`
	Column    bool     `json:"column"`
	Editable  bool     `json:"editable"`
}

// Fields returns what ctx's actor can filter, sort and show.
func (s *Service) Fields(ctx context.Context) ([]FieldInfo, error) {
	schema, asker, err := s.asking(ctx)
	if err != nil {
		return nil, err
	}
	var out []FieldInfo
	for _, f := range schema.Fields(filter.Asker{}) {
		_, column := f.Column()
		mask := maskOf(ctx, f)
		if mask == access.Hidden {
			continue
		}
		info := FieldInfo{
			Key: f.Key, Type: string(f.Type), Label: f.Label, Operators: f.Operators(), Choices: f.Choices, Kinds: []string{},
			Of: f.Of, Sortable: f.Sort != "", Column: column, Editable: slices.Contains(editable, f.Key),
		}
		if _, clear := schema.Field(f.Key, asker); !clear {
			info.Operators, info.Sortable, info.Editable = []string{}, false, false
		}
		if info.Choices == nil {
			info.Choices = []string{}
		}
		for _, k := range f.Kinds {
			info.Kinds = append(info.Kinds, k.Key)
		}
		out = append(out, info)
	}
	return out, nil
}
