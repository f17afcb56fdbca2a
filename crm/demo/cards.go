package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"

	base "centralita/crm/client"
)

var (
	sources = []string{"Recommendation", "Web form", "Fair", "Advertising", "Walk-in"}
	labels  = []base.Tag{{Name: "VIP", Color: "violet"}, {Name: "Service contract", Color: "teal"}, {Name: "Renovation", Color: "orange"}, {Name: "Slow payer", Color: "brown"}, {Name: "Newsletter", Color: "blue"}}
	posts   = []string{"Owner", "Office manager", "Buyer", "Accountant", "Technician"}
	ties    = [][2]string{{"spouse", "spouse"}, {"neighbour", "neighbour"}, {"accountant", "customer"}, {"parent", "child"}, {"landlord", "tenant"}}
)

// town is where people live.
type town struct {
	city, region string
	codes        int // the first postal code
	streets      []string
}

var towns = map[string][]town{
	"ES": {
		{"Madrid", "Madrid", 28001, []string{"Calle de Alcalá", "Calle Mayor", "Paseo del Prado", "Calle de Toledo"}},
		{"Getafe", "Madrid", 28901, []string{"Calle Madrid", "Avenida de España"}},
		{"Málaga", "Andalucía", 29001, []string{"Calle Larios", "Alameda Principal"}},
	},
	"AR": {{"Buenos Aires", "CABA", 1001, []string{"Avenida Corrientes", "Avenida Rivadavia", "Calle Florida"}}, {"La Plata", "Buenos Aires", 1900, []string{"Calle 7", "Diagonal 80"}}},
	"RU": {{"Москва", "", 101000, []string{"улица Арбат", "Тверская улица"}}, {"Санкт-Петербург", "", 190000, []string{"Невский проспект", "Садовая улица"}}},
	"GB": {{"London", "", 0, []string{"Baker Street", "Camden Road"}}},
	"DE": {{"Berlin", "", 10115, []string{"Torstraße", "Invalidenstraße"}}},
}

// cards gives the clients what is on a card besides numbers: addresses, tags,
// where they came from, what they agreed to, and whom they have to do with.
func (s *story) cards(ctx context.Context) error {
	var b pgx.Batch
	for i, name := range sources {
		b.Queue(`insert into client_sources (id, name) overriding system value values ($1, $2)`, i+1, name)
	}
	for i, t := range labels {
		b.Queue(`insert into tags (id, name, color) overriding system value values ($1, $2, $3)`, i+1, t.Name, t.Color)
	}
	for i, k := range s.known {
		s.filled(&b, i, k)
	}
	b.Queue(`update clients set position = ($1::text[])[1 + id % 5] where organisation_id is not null`, posts)
	b.Queue(`insert into client_pins (user_id, client_id, at) select $1, c.id, $2 from clients c where c.id in ($3, $4)`, s.users["javier"], s.Now, s.known[0].id, s.known[12].id)
	for _, table := range []string{"client_sources", "tags"} {
		b.Queue(fmt.Sprintf(`select setval(pg_get_serial_sequence('%[1]s', 'id'), (select max(id) from %[1]s))`, table))
	}
	return s.DB.Conn(ctx).SendBatch(ctx, &b).Close()
}

// filled fills the i-th client's card, in the same way every time.
func (s *story) filled(b *pgx.Batch, i int, k known) {
	r := rand.New(rand.NewPCG(22, uint64(i)))
	noted := s.Now.Add(-time.Duration(1+r.IntN(300)) * 24 * time.Hour)
	user := s.users[staff[r.IntN(6)].Login]
	if i == 0 || r.IntN(3) > 0 {
		b.Queue(`update clients set source_id = $2 where id = $1`, k.id, 1+r.IntN(len(sources)))
	}
	if i == 0 || r.IntN(2) == 0 {
		s.addressed(b, r, k)
	}
	for t := range labels {
		if i == 0 && t < 2 || r.IntN(9) == 0 {
			b.Queue(`insert into client_tags (client_id, tag_id, created_at) values ($1, $2, $3)`, k.id, t+1, noted)
		}
	}
	if i == 0 || r.IntN(3) == 0 {
		b.Queue(sqlAgreed, k.id, "data", true, "written", noted, user)
		b.Queue(sqlAgreed, k.id, "sms", r.IntN(4) > 0, "spoken", noted, user)
	}
	if i == 0 || r.IntN(12) == 0 {
		tie := ties[r.IntN(len(ties))]
		b.Queue(`insert into client_relations (client_id, other_id, role, other_role, created_at) values ($1, $2, $3, $4, $5)`,
			k.id, s.known[(i+17)%len(s.known)].id, tie[0], tie[1], noted)
	}
}

const sqlAgreed = `insert into client_consents (client_id, kind, given, how, at, created_at, user_id) values ($1, $2, $3, $4, $5, $5, $6)`

func (s *story) addressed(b *pgx.Batch, r *rand.Rand, k known) {
	places := towns[k.country]
	if len(places) == 0 {
		return
	}
	t := places[r.IntN(len(places))]
	code := "NW1 6XE"
	if t.codes > 0 {
		code = fmt.Sprintf("%04d", t.codes+r.IntN(30))
		if k.country == "ES" {
			code = fmt.Sprintf("%05d", t.codes+r.IntN(30))
		}
	}
	b.Queue(`insert into client_addresses (client_id, kind, street, postal_code, city, city_key, region, country) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
		k.id, []string{"main", "home", "work"}[r.IntN(3)], fmt.Sprintf("%s %d", t.streets[r.IntN(len(t.streets))], 1+r.IntN(120)), code, t.city, base.Fold(t.city), t.region, k.country)
}
