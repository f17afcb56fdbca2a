package main

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"centralita/crm/client"
)

// lookup is the product's look-up without the product: the same SELECT, the same
// JSON, no session, no rights, no reading of numbers.
type lookup struct{ pool *pgxpool.Pool }

// sqlLookup is the statement of crm/client; the bench compares the answers of
// both sides before it measures.
const sqlLookup = `
select c.id, c.name, c.kind, c.responsible_id, coalesce(u.name, ''), x.at, coalesce(x.kind, ''), coalesce(w.name, ''),
	(select count(*) from leads d where d.client_id = c.id and d.identity = 'c:' || c.id and d.state = 'open'), f.e164, f.confidence, f.value = f.e164
from (select r.client_id, r.e164, r.confidence, p.value from contact_readings r join contact_points p on p.id = r.contact_point_id
	where r.e164 in ($1, $2, $3, $4, $5, $6) and not exists (select from lines where number = $1)
	order by r.confidence desc, r.client_id limit 50) f
join clients c on c.id = f.client_id
left join users u on u.id = c.responsible_id
left join lateral (select i.at, i.kind, i.user_id from interactions i
	where i.client_id = c.id and i.kind <> 'note' order by i.at desc, i.id desc limit 1) x on true
left join users w on w.id = x.user_id`

func (l lookup) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e164 := r.URL.Query().Get("number")
	rows, err := l.pool.Query(r.Context(), sqlLookup, e164, e164, e164, e164, e164, e164)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	out := client.NumberMatches{E164: e164, Display: e164}
	out.Items, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (c client.Candidate, err error) {
		var kind, name string
		var first bool
		err = row.Scan(&c.ClientID, &c.Name, &c.Kind, &c.ResponsibleID, &c.ResponsibleName, &c.LastContactAt, &kind, &name,
			&c.OpenLeads, &c.Matched, &c.Score, &first)
		c.Reason = "exact"
		return c, err
	})
	answer(w, http.StatusOK, out, err)
}

// insertion stores a lead in one statement and returns it.
type insertion struct{ pool *pgxpool.Pool }

const sqlInsertion = `
insert into peer_leads (line_id, identity, number, raw, source, note) values ($1, $2, $3, $3, 'manual', $4)
returning id, opened_at`

func (i insertion) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in struct {
		LineID int64  `json:"line_id"`
		Number string `json:"number"`
		Note   string `json:"note"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	out := struct {
		ID       int64     `json:"id"`
		Number   string    `json:"number"`
		Note     string    `json:"note"`
		OpenedAt time.Time `json:"opened_at"`
	}{Number: in.Number, Note: in.Note}
	err := i.pool.QueryRow(r.Context(), sqlInsertion, in.LineID, "n:"+in.Number, in.Number, in.Note).Scan(&out.ID, &out.OpenedAt)
	answer(w, http.StatusCreated, out, err)
}

func answer(w http.ResponseWriter, status int, body any, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the asker has gone: it counts as his failure
}

// registration is the floor of a new client: one INSERT, no number, no history.
type registration struct{ pool *pgxpool.Pool }

const sqlRegistration = `insert into peer_clients (kind, name, name_key) values ($1, $2, lower($2)) returning id, created_at`

func (n registration) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Kind string `json:"kind"`
		Name string `json:"name"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	out := struct {
		ID        int64     `json:"id"`
		Kind      string    `json:"kind"`
		Name      string    `json:"name"`
		CreatedAt time.Time `json:"created_at"`
	}{Kind: in.Kind, Name: in.Name}
	err := n.pool.QueryRow(r.Context(), sqlRegistration, in.Kind, in.Name).Scan(&out.ID, &out.CreatedAt)
	answer(w, http.StatusCreated, out, err)
}
