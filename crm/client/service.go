package client

import (
	"context"
	"errors"
	"slices"
	"time"

	"centralita/crm/access"
	"centralita/crm/audit"
	"centralita/internal/fault"
	"centralita/internal/postgres"
)

// Lines knows under which countries numbers are read.
type Lines interface {
	// Countries returns the firm's country and those of its lines, likeliest first.
	Countries(ctx context.Context) ([]string, error)
	// Country returns that of a line, of the firm for id 0.
	Country(ctx context.Context, lineID int64) (string, error)
}

// Leads hands a lead over to a client: the lead itself, its calls and all that
// passed on it. It runs in ctx's transaction; an unknown lead is fault.NotFound.
type Leads interface {
	LinkClient(ctx context.Context, leadID, clientID int64) error
}

// Journal writes down who changed what, in ctx's transaction, and who looked at
// what, before he sees it; and tells both. The audit room is one.
type Journal interface {
	Record(ctx context.Context, action, entity string, id int64, before, after any) error
	RecordMany(ctx context.Context, action, entity string, ids []int64, before, after []any) error
	Looking(ctx context.Context, action, entity string, id int64, detail any) (wait func() error)
	Searching(ctx context.Context, entity, text string) (wait func() error)
	History(ctx context.Context, entity string, id, before int64, half string, limit int) ([]audit.Deed, error)
}

// Signaller tells every browser, after ctx's transaction, that something changed.
type Signaller interface {
	Signal(ctx context.Context, kind string, data any)
}

// Ports are what the client base needs of other rooms. CauseText names the
// cause of a call's end for the timeline.
type Ports struct {
	Lines     Lines
	Leads     Leads
	Audit     Journal
	Live      Signaller
	CauseText func(cause int) string
}

// Service is the client base. Safe for concurrent use.
type Service struct {
	db    *postgres.DB
	store *Store
	ports Ports

	sources []FieldSource
	texts   TextSource
}

// New returns the client base on db.
func New(db *postgres.DB, ports Ports) *Service {
	return &Service{db: db, store: NewStore(db), ports: ports}
}

// NewClient is what a client is made of. With LeadID the lead becomes the
// client's, with its calls, and national numbers are read under its line's country.
type NewClient struct {
	Fields
	ContactPoints []NewPoint
	LeadID        int64
}

// Get returns a client as ctx's actor may see it, or fault.NotFound.
func (s *Service) Get(ctx context.Context, id int64) (Client, error) {
	c, err := s.store.get(ctx, id)
	if err != nil {
		return c, err
	}
	if err := c.may(ctx, access.Read); err != nil {
		return Client{}, err
	}
	return c.seen(ctx), nil
}

// Create stores a client. The firm's own number as a contact point is
// fault.Invalid, own_number.
func (s *Service) Create(ctx context.Context, in NewClient) (c Client, err error) {
	if err := in.check(); err != nil {
		return c, err
	}
	if err := in.mine(ctx); err != nil {
		return c, err
	}
	countries, err := s.countries(ctx, in.LeadID)
	if err != nil {
		return c, err
	}
	points, err := readPoints(in, countries)
	if err != nil {
		return c, err
	}
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		id, err := s.store.insert(ctx, in.Fields)
		if err != nil {
			return err
		}
		if err := s.store.addPoints(ctx, id, points); err != nil {
			return err
		}
		if in.LeadID != 0 {
			if err := s.ports.Leads.LinkClient(ctx, in.LeadID, id); err != nil {
				return err
			}
		}
		c, err = s.finish(ctx, "client.create", id, nil)
		return err
	})
	return c, err
}

// mine makes a new client the actor's own where he would not see it otherwise,
// and refuses one that he may not create.
func (in *NewClient) mine(ctx context.Context) error {
	if actor := access.ActorFrom(ctx); in.ResponsibleID == nil && access.ScopeOf(ctx, access.Client, access.Read) < access.All {
		in.ResponsibleID = &actor.UserID
	}
	return Clients.CheckNew(ctx, idOf(in.ResponsibleID))
}

// readPoints reads every contact point; the same one twice is kept once.
func readPoints(in NewClient, countries []string) ([]point, error) {
	source := "manual"
	if in.LeadID != 0 {
		source = "lead"
	}
	seen := map[[2]string]bool{}
	var points []point
	for i, p := range in.ContactPoints {
		read, err := readPoint(p, source, countries)
		if err != nil {
			return nil, blame(err, i)
		}
		if key := [2]string{read.kind, read.value}; !seen[key] {
			seen[key] = true
			points = append(points, read)
		}
	}
	return points, nil
}

// countries returns those under which a number is read, that of the lead's line
// first.
func (s *Service) countries(ctx context.Context, leadID int64) ([]string, error) {
	countries, err := s.ports.Lines.Countries(ctx)
	if err != nil || leadID == 0 {
		return countries, err
	}
	line, err := s.store.lineOfLead(ctx, leadID)
	if err != nil || line == 0 {
		return countries, err
	}
	first, err := s.ports.Lines.Country(ctx, line)
	return append([]string{first}, countries...), err
}

// Change has edit alter the client if it still has the version, else it is
// fault.Conflict, changed_meanwhile.
func (s *Service) Change(ctx context.Context, id int64, version int, edit func(*Fields)) (c Client, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		if err := s.store.lock(ctx, id); err != nil {
			return err
		}
		before, err := s.store.get(ctx, id)
		if err != nil {
			return err
		}
		if err := before.may(ctx, access.Change); err != nil {
			return err
		}
		if before.Version != version {
			return fault.New(fault.Conflict, "changed_meanwhile", "Somebody else has changed this client meanwhile.")
		}
		f := before.fields()
		edit(&f)
		if f.Note != before.Note && access.FieldMask(ctx, access.NoteField) != access.Shown {
			return errUnseen
		}
		if err := f.check(); err != nil {
			return err
		}
		if err := s.store.update(ctx, id, f); err != nil {
			return err
		}
		c, err = s.finish(ctx, "client.update", id, before)
		return err
	})
	return c, err
}

// AddPoint adds a contact point. One the client has already is fault.Conflict,
// contact_point_exists; the firm's own number fault.Invalid, own_number.
func (s *Service) AddPoint(ctx context.Context, id int64, in NewPoint) (Client, error) {
	countries, err := s.countries(ctx, 0)
	if err != nil {
		return Client{}, err
	}
	p, err := readPoint(in, "manual", countries)
	if err != nil {
		return Client{}, err
	}
	return s.changePoints(ctx, id, "client.contact_point.add", func(ctx context.Context) error {
		return s.store.addPoints(ctx, id, []point{p})
	})
}

// AdoptNumber gives a client the number (E.164) of an enquiry of his and returns
// the contact point; 0 when he has it already, or when it is the firm's own.
func (s *Service) AdoptNumber(ctx context.Context, id int64, e164 string) (added int64, err error) {
	before, err := s.store.get(ctx, id)
	if err != nil {
		return 0, err
	}
	has := func(p ContactPoint) bool {
		return p.Value == e164 || slices.ContainsFunc(p.Readings, func(r Reading) bool { return r.E164 == e164 })
	}
	if slices.ContainsFunc(before.ContactPoints, has) {
		return 0, nil
	}
	p, err := readPoint(NewPoint{Kind: "phone", Raw: e164}, "lead", nil)
	if err != nil {
		return 0, err
	}
	after, err := s.changePoints(ctx, id, "client.contact_point.add", func(ctx context.Context) error {
		return s.store.addPoints(ctx, id, []point{p})
	})
	if fault.CodeOf(err) == "own_number" {
		return 0, nil
	}
	for _, p := range after.ContactPoints {
		if has(p) {
			return p.ID, err
		}
	}
	return 0, err
}

// ChangePoint writes a contact point anew; a nil raw or label stays.
func (s *Service) ChangePoint(ctx context.Context, id, pointID int64, raw, label *string) (Client, error) {
	countries, err := s.countries(ctx, 0)
	if err != nil {
		return Client{}, err
	}
	return s.changePoints(ctx, id, "client.contact_point.update", func(ctx context.Context) error {
		old, err := s.store.point(ctx, id, pointID)
		if err != nil {
			return err
		}
		if raw != nil && access.FieldMask(ctx, fieldOf(old.Kind)) != access.Shown {
			return errUnseen
		}
		if raw != nil {
			old.Raw = *raw
		}
		if label != nil {
			old.Label = *label
		}
		p, err := readPoint(old.NewPoint, old.source, countries)
		if err != nil {
			return err
		}
		return s.store.updatePoint(ctx, id, pointID, p)
	})
}

// RemovePoint deletes a contact point; the audit log keeps what it was.
func (s *Service) RemovePoint(ctx context.Context, id, pointID int64) (Client, error) {
	return s.changePoints(ctx, id, "client.contact_point.remove", func(ctx context.Context) error {
		old, err := s.store.point(ctx, id, pointID)
		if err != nil {
			return err
		}
		if access.FieldMask(ctx, fieldOf(old.Kind)) != access.Shown {
			return errUnseen
		}
		return s.store.removePoint(ctx, id, pointID)
	})
}

func (s *Service) changePoints(ctx context.Context, id int64, action string, change func(context.Context) error) (c Client, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		if err := s.store.lock(ctx, id); err != nil {
			return err
		}
		before, err := s.store.get(ctx, id)
		if err != nil {
			return err
		}
		if err := before.may(ctx, access.Change); err != nil {
			return err
		}
		if err := change(ctx); err != nil {
			return err
		}
		c, err = s.finish(ctx, action, id, before)
		return err
	})
	return c, err
}

// finish reads what came out, records it, announces it, and returns it as ctx's
// actor may see it.
func (s *Service) finish(ctx context.Context, action string, id int64, before any) (Client, error) {
	c, err := s.store.get(ctx, id)
	if err != nil {
		return c, err
	}
	if err := s.ports.Audit.Record(ctx, action, "client", id, before, c); err != nil {
		return c, err
	}
	s.ports.Live.Signal(ctx, "client.changed", map[string]int64{"id": id})
	return c.seen(ctx), nil
}

// named gives constraint violations their names.
func named(err error) error {
	if name, taken := postgres.UniqueViolation(err); taken && name == "contact_points_once" {
		return fault.Wrap(err, fault.Conflict, "contact_point_exists", "The client has this contact point already.")
	}
	if name, missing := postgres.ForeignKeyViolation(err); missing {
		field := map[string]string{
			"clients_responsible_id_fkey": "body.responsible_id", "clients_organisation_id_fkey": "body.organisation_id",
			"clients_source_id_fkey": "body.source_id", "client_tags_tag_id_fkey": "body.tag_id",
		}[name]
		return fault.Wrap(err, fault.Invalid, "invalid_input", "Check the marked fields.").WithField(field, "unknown")
	}
	var known *fault.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	return postgres.Classify(err)
}

// Contacted notes that a client was in touch at a time, over a number (E.164;
// "" for none). It orders the list by recent contact; news that come late change
// nothing. It runs in ctx's transaction and touches one client and its numbers.
func (s *Service) Contacted(ctx context.Context, id int64, e164 string, at time.Time) error {
	return s.store.contacted(ctx, id, e164, at)
}
