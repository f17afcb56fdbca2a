package app

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"centralita/callcenter"
	"centralita/callcenter/api"
	"centralita/callcenter/floor"
	"centralita/crm/access"
	"centralita/crm/client"
	"centralita/crm/lead"
	"centralita/internal/fault"
	"centralita/internal/postgres"
	"centralita/realtime"
)

// Calls and their recordings belong to whoever spoke, and to whoever is responsible for the client. A missed call of
// somebody unknown is nobody's, and open to all who work with calls.
var (
	callRights = access.Resource{
		Entity: access.Call, Owner: "user_id", Client: "client_id", Table: "calls", Shared: true, Unowned: true,
		Missing: fault.New(fault.NotFound, "call_not_found", "There is no such call."),
	}
	recordingRights = access.Resource{
		Entity: access.Recording, Owner: "user_id", Client: "client_id", Table: "calls", Unowned: true,
		Missing: fault.New(fault.NotFound, "recording_not_found", "There is no recording of this call."),
	}
)

// callRoom is what the call room may know of rights: it is its Rights, and the guard of its recordings.
type callRoom struct {
	db     *postgres.DB
	people *access.Service
}

// Where is the condition that the one who asks may read a row of calls.
func (r callRoom) Where(ctx context.Context, alias string, arg func(any) string) string {
	return callRights.Where(ctx, access.Read, alias, arg)
}

// MayRead answers a call he may not read as one that does not exist.
func (r callRoom) MayRead(ctx context.Context, c callcenter.Call) error {
	return callRights.CheckID(ctx, r.db, access.Read, int64(c.ID))
}

// MayListen answers a recording he may not hear as one that does not exist.
func (r callRoom) MayListen(ctx context.Context, call int64) error {
	return recordingRights.CheckID(ctx, r.db, access.Read, call)
}

// MayCall refuses a call for a client or a lead that he may not see.
func (r callRoom) MayCall(ctx context.Context, clientID, leadID int64) error {
	if clientID != 0 {
		if err := client.Clients.CheckID(ctx, r.db, access.Read, clientID); err != nil {
			return err
		}
	}
	if leadID != 0 {
		return lead.Leads.CheckID(ctx, r.db, access.Read, leadID)
	}
	return nil
}

// Seen is a call as the one who asks may see it.
func (r callRoom) Seen(ctx context.Context, v api.CallView) api.CallView {
	known := v.Candidates
	v.Candidates = make([]api.CallCandidate, 0, len(known))
	for _, c := range known {
		if r.sees(ctx, c.ClientID) {
			v.Candidates = append(v.Candidates, c)
		}
	}
	if v.ClientID != nil && !r.sees(ctx, *v.ClientID) {
		v.ClientID, v.ClientName, v.LastContactAt, v.OpenLeads = nil, "", nil, 0
		v.ResponsibleID, v.ResponsibleName = nil, ""
	}
	return masked(ctx, v)
}

// masked is a call with its numbers as ctx's actor may see them.
func masked(ctx context.Context, v api.CallView) api.CallView {
	mask := access.FieldMask(ctx, access.PhoneField)
	if mask == access.Shown {
		return v
	}
	n := v.Number
	v.Number = api.NumberView{Raw: mask.Number(n.Raw), E164: mask.Number(n.E164), Display: mask.Number(n.Display), Dialable: n.Dialable, Masked: true}
	v.CallerName = mask.Prose(v.CallerName)
	v.Candidates = slices.Clone(v.Candidates)
	for i := range v.Candidates {
		v.Candidates[i].Matched = mask.Number(v.Candidates[i].Matched)
	}
	return v
}

// sees reports whether he may see a client; on a doubt he may not.
func (r callRoom) sees(ctx context.Context, id int64) bool {
	return client.Clients.CheckID(ctx, r.db, access.Read, id) == nil
}

// SeenBy is a call as a user may see it who is not asking, but part of it. Of one that rings at his phone, or rang
// there, doors has opened whatever it shows; the store need not be asked before he sees it.
func (r callRoom) SeenBy(ctx context.Context, user int64, v api.CallView) (api.CallView, error) {
	as, err := r.people.BehalfOf(ctx, user)
	if fault.KindOf(err) == fault.NotFound { // he works here no more
		return api.CallView{ID: v.ID, Direction: v.Direction, Phase: v.Phase, Candidates: []api.CallCandidate{}}, nil
	}
	if err != nil {
		return v, err
	}
	if v.Direction == callcenter.In {
		return masked(as, v), nil
	}
	return r.Seen(as, v), nil
}

// openFor is how long a call opens records at most, should nobody note its end; afterwards how long after its end.
const (
	openFor    = 12 * time.Hour
	afterwards = time.Hour
)

// doors is a scribe: whose phone rings may see who is calling, whatever his role says of other people's clients.
type doors struct {
	callRoom
	now func() time.Time
}

// Write opens the records of a call that is shown to somebody, and closes them some time after its end.
func (d doors) Write(ctx context.Context, c callcenter.Call, facts []callcenter.Fact) error {
	for _, fact := range facts {
		switch f := fact.(type) {
		case callcenter.PopShown:
			if err := d.open(ctx, c, f.UserID); err != nil {
				return err
			}
		case callcenter.Closed:
			if err := d.people.EndShares(ctx, reason(c), d.now().Add(afterwards)); err != nil {
				return err
			}
		}
	}
	return nil
}

func reason(c callcenter.Call) string { return fmt.Sprintf("call:%d", c.ID) }

func (d doors) open(ctx context.Context, c callcenter.Call, user int64) error {
	as, err := d.people.BehalfOf(ctx, user)
	if err != nil || seesAll(as) {
		return unlessGone(err)
	}
	var records []access.Record
	share := func(e access.Entity, id int64) {
		if r := (access.Record{Entity: e, ID: id}); id != 0 && !slices.Contains(records, r) {
			records = append(records, r)
		}
	}
	share(access.Call, int64(c.ID))
	share(access.Lead, c.LeadID)
	share(access.Client, c.ClientID)
	for _, candidate := range c.Identity.Candidates {
		share(access.Client, candidate.ClientID)
	}
	return d.people.Share(ctx, records, user, reason(c), d.now().Add(openFor))
}

func seesAll(ctx context.Context) bool {
	for _, e := range []access.Entity{access.Client, access.Lead, access.Call} {
		if access.ScopeOf(ctx, e, access.Read) != access.All || access.ScopeOf(ctx, e, access.Change) < access.All && e != access.Call {
			return false
		}
	}
	return true
}

// unlessGone is err, but for that of a user who works here no more.
func unlessGone(err error) error {
	if fault.KindOf(err) == fault.NotFound {
		return nil
	}
	return err
}

// discreet is the switch, but for numbers: they do not go out to the phone of a user who is not shown them.
type discreet struct {
	floor.Switch
	people *access.Service
}

// noNumber stands in a phone's display for a number that is not shown.
const noNumber = "client"

// Do carries out a command. Where it cannot be told what a user may see, he sees no number.
func (d discreet) Do(ctx context.Context, command callcenter.Command) error {
	if ring, ok := command.(callcenter.RingAgent); ok {
		asked, cancel := context.WithTimeout(ctx, time.Second)
		as, err := d.people.BehalfOf(asked, ring.Leg.UserID)
		cancel()
		if err != nil || access.FieldMask(as, access.PhoneField) != access.Shown {
			ring.ShowAs = noNumber
		}
		command = ring
	}
	return d.Switch.Do(ctx, command)
}

// discreetLive is the line to the browsers, but for numbers: whoever is not shown them does not get them in an event
// either.
type discreetLive struct {
	*realtime.Log
	people *access.Service
	db     *postgres.DB
}

// Append writes an event for a user, as he may see it.
func (l discreetLive) Append(ctx context.Context, user int64, kind string, data any) error {
	as, err := l.people.BehalfOf(ctx, user)
	if fault.KindOf(err) == fault.NotFound { // he works here no more
		return nil
	}
	if err != nil {
		return err
	}
	seen, err := access.FieldMask(as, access.PhoneField).Tree(data)
	if err == nil && access.ScopeOf(as, access.Client, access.Read) < access.All {
		seen, err = l.veiled(as, seen)
	}
	if err != nil {
		return err
	}
	return l.Log.Append(ctx, user, kind, seen)
}

// veiled is an event without the names of clients whom ctx's actor may not see.
func (l discreetLive) veiled(ctx context.Context, event any) (any, error) {
	text, err := json.Marshal(event)
	if err != nil {
		return nil, err
	}
	things := map[string]any{}
	if err := json.Unmarshal(text, &things); err != nil {
		return nil, err
	}
	for _, field := range things {
		thing, record := field.(map[string]any)
		if !record {
			continue
		}
		name, _ := thing["client_name"].(string)
		id, of := thing["client_id"].(float64)
		if name == "" || of && client.Clients.CheckID(ctx, l.db, access.Read, int64(id)) == nil {
			continue
		}
		thing["client_name"] = ""
	}
	return things, nil
}
