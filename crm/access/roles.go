package access

import (
	"maps"
	"slices"

	"centralita/internal/web"
)

// The rights of the product. Every route names one of them.
const (
	ClientsRead    web.Permission = "clients.read"
	ClientsWrite   web.Permission = "clients.write"
	ClientsDelete  web.Permission = "clients.delete"
	ClientsExport  web.Permission = "clients.export"
	ClientsImport  web.Permission = "clients.import"
	LeadsRead      web.Permission = "leads.read"
	LeadsWork      web.Permission = "leads.work"
	LeadsAssign    web.Permission = "leads.assign"
	CallsUse       web.Permission = "calls.use"
	CallsRead      web.Permission = "calls.read"
	RecordingsPlay web.Permission = "recordings.play"
	MessagesRead   web.Permission = "messages.read"
	MessagesSend   web.Permission = "messages.send"
	RemindersWrite web.Permission = "reminders.write"
	ViewsWrite     web.Permission = "views.write"
	SegmentsRead   web.Permission = "segments.read"
	SegmentsWrite  web.Permission = "segments.write"
	BoardRead      web.Permission = "board.read"
	LedgerRead     web.Permission = "ledger.read"
	AuditRead      web.Permission = "audit.read"
	ExportsApprove web.Permission = "exports.approve"
	SettingsRead   web.Permission = "settings.read"
	SettingsWrite  web.Permission = "settings.write"
	UsersWrite     web.Permission = "users.write"
	SessionsManage web.Permission = "sessions.manage"
	WebhooksManage web.Permission = "webhooks.manage"
)

// need is one of the scopes that let an actor through a route.
type need struct {
	entity Entity
	verb   Verb
}

// recordRights are the permissions of routes that deal with records: held when
// one of the needs is met for anybody's records. The room then asks its Resource
// about the record itself.
var recordRights = map[web.Permission][]need{
	ClientsRead:    {{Client, Read}},
	ClientsWrite:   {{Client, Create}, {Client, Change}},
	ClientsDelete:  {{Client, Delete}},
	ClientsExport:  {{Client, Export}},
	ClientsImport:  {{Import, Create}},
	LeadsRead:      {{Lead, Read}},
	LeadsWork:      {{Lead, Create}, {Lead, Change}},
	CallsUse:       {{Call, Create}},
	CallsRead:      {{Call, Read}},
	RecordingsPlay: {{Recording, Read}},
	MessagesRead:   {{Message, Read}},
	MessagesSend:   {{Message, Create}},
	RemindersWrite: {{Reminder, Create}, {Reminder, Change}},
	ViewsWrite:     {{View, Create}, {View, Change}},
	SegmentsRead:   {{Segment, Read}},
	SegmentsWrite:  {{Segment, Create}, {Segment, Change}},
}

// Rights are the permissions that are given as such, for they concern no single
// record; in the order in which they are shown.
var Rights = []web.Permission{BoardRead, LeadsAssign, LedgerRead, AuditRead, ExportsApprove, SettingsRead, SettingsWrite, UsersWrite, SessionsManage, WebhooksManage}

// Kind is an entity and the verbs that make sense for it.
type Kind struct {
	Entity Entity `json:"entity"`
	Verbs  []Verb `json:"verbs"`
}

// kinds are the entities in the order in which they are shown.
var kinds = []Kind{
	{Client, Verbs}, {Lead, []Verb{Create, Read, Change, Export}}, {Call, []Verb{Create, Read, Export}},
	{Recording, []Verb{Read, Delete, Export}}, {Message, []Verb{Create, Read, Export}}, {Reminder, []Verb{Create, Read, Change}},
	{Note, Verbs}, {File, Verbs}, {Segment, Verbs}, {View, []Verb{Create, Read, Change, Delete}},
	{Import, []Verb{Create, Read, Change, Delete}},
}

// The built-in roles.
const (
	Operator    = "operator"
	Manager     = "manager"
	Supervisor  = "supervisor"
	Storekeeper = "storekeeper"
	Accountant  = "accountant"
	Admin       = "admin"
	Owner       = "owner"
)

// builtins are the built-in roles as the program has them, the least powerful
// first; the firm may change them all but the owner's.
var builtins = []struct {
	key    string
	grants Grants
}{
	{Storekeeper, sideDesk()}, {Accountant, sideDesk()},
	{Operator, staff(BoardRead)}, {Manager, staff(BoardRead, LeadsAssign)},
	{Supervisor, everything(BoardRead, LeadsAssign, LedgerRead, AuditRead, SettingsRead, SessionsManage)},
	{Admin, everything(Rights...)}, {Owner, everything(Rights...)},
}

// staff may read and change everything in a small firm, delete nothing but what
// is his own, and carry nothing away.
func staff(rights ...web.Permission) Grants {
	g := Grants{Rights: rights, Records: map[Entity]map[Verb]Scope{}}
	for _, k := range kinds {
		g.Records[k.Entity] = map[Verb]Scope{}
		for _, v := range k.Verbs {
			if v != Delete && v != Export {
				g.Records[k.Entity][v] = All
			}
		}
	}
	g.Records[Note][Delete], g.Records[File][Delete], g.Records[Segment][Delete] = Own, Own, Own
	g.Records[Note][Change], g.Records[Segment][Change] = Own, Own
	g.Records[View] = map[Verb]Scope{Create: All, Read: Own, Change: Own, Delete: Own}
	delete(g.Records, Import)
	return g
}

// everything gives all verbs on all records, and these rights.
func everything(rights ...web.Permission) Grants {
	g := Grants{Rights: slices.Clone(rights), Records: map[Entity]map[Verb]Scope{}}
	for _, k := range kinds {
		g.Records[k.Entity] = map[Verb]Scope{}
		for _, v := range k.Verbs {
			g.Records[k.Entity][v] = All
		}
	}
	return g
}

// sideDesk is for those who need to know who a client is, and not how to reach
// him: they see clients with masked numbers and change none. Their own calls and
// reminders are theirs.
func sideDesk() Grants {
	return Grants{
		Records: map[Entity]map[Verb]Scope{
			Client: {Read: All}, Call: {Create: All, Read: Own}, Reminder: {Create: All, Read: Own, Change: Own},
			File: {Read: All}, View: {Create: All, Read: Own, Change: Own, Delete: Own},
		},
		Fields: map[string]Mask{"client.phone": Masked, "client.email": Masked},
	}
}

// builtin returns what the program gives to a built-in role; nothing for any
// other key.
func builtin(key string) Grants {
	for _, b := range builtins {
		if b.key == key {
			return b.grants
		}
	}
	return Grants{}
}

// rank orders roles: the built-in ones by power, then the firm's own.
func rank(key string) int {
	for i, b := range builtins {
		if b.key == key {
			return i
		}
	}
	return len(builtins)
}

// Role is a bundle of rights that users hold. The name of a built-in role is
// empty until the firm gives it one; Edited says that the firm has changed it.
type Role struct {
	Key     string `json:"key"`
	Name    string `json:"name"`
	Builtin bool   `json:"builtin"`
	Edited  bool   `json:"edited" doc:"a built-in role that differs from what the program brings"`
	Grants
}

// stored are the columns of a role; nil means as the program has it.
type stored struct {
	Key     string          `json:"key"`
	Name    string          `json:"name"`
	Builtin bool            `json:"builtin"`
	Grants  *storedGrants   `json:"grants"`
	Fields  map[string]Mask `json:"fields"`
}

type storedGrants struct {
	Records map[Entity]map[Verb]Scope `json:"records"`
	Rights  []web.Permission          `json:"rights"`
}

// role returns the role that the columns mean. A kind of record that the firm
// has not decided about is as the program has it for the built-in role, and is
// not given by a role of the firm's own. The owner's role is always whole.
func (s stored) role() Role {
	r := Role{Key: s.Key, Name: s.Name, Builtin: s.Builtin, Grants: builtin(s.Key)}
	if s.Key == Owner {
		return r
	}
	if s.Grants != nil {
		records := maps.Clone(r.Records)
		if records == nil {
			records = map[Entity]map[Verb]Scope{}
		}
		maps.Copy(records, s.Grants.Records)
		r.Records, r.Rights = records, s.Grants.Rights
	}
	if s.Fields != nil {
		r.Fields = s.Fields
	}
	r.Edited = s.Builtin && (s.Grants != nil || s.Fields != nil)
	return r
}
