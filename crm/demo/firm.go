package demo

import (
	"context"
	"math/rand/v2"

	"github.com/jackc/pgx/v5"

	"centralita/crm/access"
	"centralita/crm/queue"
)

// story is one telling: the firm as far as it is made.
type story struct {
	Options
	r     *rand.Rand
	users map[string]int64
	on    []Line
	known []known

	serial int // numbers strangers

}

// known is a client of the firm.
type known struct {
	id, responsible int64
	name, e164, raw string
	country         string
}

func newStory(o Options) *story {
	return &story{Options: o, r: rand.New(rand.NewPCG(7, 2026)), users: map[string]int64{}}
}

func (s *story) exec(ctx context.Context, sql string, args ...any) error {
	_, err := s.DB.Conn(ctx).Exec(ctx, sql, args...)
	return err
}

func (s *story) empty(ctx context.Context) error {
	var used bool
	err := s.DB.Conn(ctx).QueryRow(ctx, `select exists (select from users) or exists (select from clients) or exists (select from lines)`).Scan(&used)
	if err == nil && used {
		return ErrNotEmpty
	}
	return err
}

func (s *story) firm(ctx context.Context) error {
	return s.exec(ctx, `insert into firms (id, name, time_zone, country, currency, allowed_countries, lead_value)
		values (1, 'Casa Clara Reformas', 'Europe/Madrid', 'ES', 'EUR', '{RU,GB,DE}', 180)
		on conflict (id) do update set name = excluded.name, time_zone = excluded.time_zone, country = excluded.country,
			currency = excluded.currency, allowed_countries = excluded.allowed_countries, lead_value = excluded.lead_value`)
}

// staff is who works here, in the order of their ids.
var staff = []access.NewUser{
	{Login: "carmen", Name: "Carmen Vidal", Roles: []string{access.Operator}, Locale: "es", PhoneKind: "browser"},
	{Login: "diego", Name: "Diego Paredes", Roles: []string{access.Operator}, Locale: "es", PhoneKind: "browser"},
	{Login: "olga", Name: "Ольга Миронова", Roles: []string{access.Operator}, Locale: "ru", PhoneKind: "browser"},
	{Login: "javier", Name: "Javier Soler", Roles: []string{access.Manager}, Locale: "es", PhoneKind: "browser"},
	{Login: "irina", Name: "Ирина Белова", Roles: []string{access.Manager}, Locale: "ru", PhoneKind: "browser"},
	{Login: "marta", Name: "Marta Quiroga", Roles: []string{access.Manager}, Locale: "es", PhoneKind: "desk"},
	{Login: "elena", Name: "Elena Hart", Roles: []string{access.Supervisor}, Locale: "en", PhoneKind: "browser"},
	{Login: "admin", Name: "Alex Moran", Roles: []string{access.Admin}, Locale: "en", PhoneKind: "browser"},
}

func (s *story) people(ctx context.Context) error {
	for _, n := range staff {
		n.Password = Password
		u, err := s.People.AddUser(ctx, n)
		if err != nil {
			return err
		}
		s.users[n.Login] = u.ID
	}
	return nil
}

// teams are the firm's branches, and who works where.
func (s *story) teams(ctx context.Context) error {
	for _, t := range []struct {
		name, under string
		members     []string
	}{
		{"Madrid", "", []string{"elena"}}, {"Ventas", "Madrid", []string{"carmen", "olga", "javier", "irina"}},
		{"Postventa", "Madrid", []string{"diego"}}, {"Buenos Aires", "", []string{"marta"}},
	} {
		err := s.exec(ctx, `
with t as (insert into teams (name, parent_id) values ($1, (select id from teams where name = $2)) returning id)
insert into team_members (team_id, user_id) select t.id, u.id from t, users u where u.login = any($3)`, t.name, t.under, t.members)
		if err != nil {
			return err
		}
	}
	return nil
}

// managers are those who own clients.
func (s *story) managers() []int64 {
	return []int64{s.users["javier"], s.users["irina"], s.users["marta"]}
}

func (s *story) lines(ctx context.Context) error {
	for _, l := range []struct {
		Line
		value   string
		members []string
	}{
		{Line{Name: "Madrid · Ventas", Number: "+34910102030", Country: "ES", Color: "blue", Language: "es"}, "240", []string{"carmen", "olga", "javier", "irina"}},
		{Line{Name: "Madrid · Postventa", Number: "+34910102040", Country: "ES", Color: "teal", Language: "es"}, "90", []string{"carmen", "diego", "marta"}},
		{Line{Name: "Buenos Aires", Number: "+541152526060", Country: "AR", Color: "grape", Language: "es"}, "150", []string{"diego", "javier", "marta"}},
	} {
		settings := queue.Defaults()
		settings.Name = l.Name
		if err := s.DB.Conn(ctx).QueryRow(ctx, `insert into queues (settings) values ($1) returning id`, settings).Scan(&l.QueueID); err != nil {
			return err
		}
		err := s.DB.Conn(ctx).QueryRow(ctx, `insert into lines (name, number, country, language, color, lead_value, entry_kind, entry_id)
			values ($1, $2, $3, $4, $5, $6::text::numeric, 'queue', $7) returning id`, l.Name, l.Number, l.Country, l.Language, l.Color, l.value, l.QueueID).Scan(&l.ID)
		if err != nil {
			return err
		}
		for place, login := range l.members {
			l.Members = append(l.Members, s.users[login])
			if err := s.exec(ctx, `insert into queue_members (queue_id, user_id, position) values ($1, $2, $3)`, l.QueueID, s.users[login], place); err != nil {
				return err
			}
		}
		s.on = append(s.on, l.Line)
	}
	return nil
}

// clients makes them and reads them back with their first number. Some share one:
// the person in an office and the office itself.
func (s *story) clients(ctx context.Context) error {
	if err := Clients(ctx, s.DB, s.Now, 0, clientCount, s.managers()); err != nil {
		return err
	}
	if err := s.exec(ctx, `update clients set last_contact_at = null`); err != nil {
		return err
	}
	rows, err := s.DB.Conn(ctx).Query(ctx, `select c.id, coalesce(c.responsible_id, 0), c.name, p.value, p.raw
		from clients c join lateral (select value, raw from contact_points where client_id = c.id and kind = 'phone' order by id limit 1) p on true order by c.id`)
	if err != nil {
		return err
	}
	s.known, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (k known, err error) {
		err = row.Scan(&k.id, &k.responsible, &k.name, &k.e164, &k.raw)
		return k, err
	})
	if err != nil {
		return err
	}
	for i := range s.known {
		s.known[i].country = client(i).country
	}
	return s.exec(ctx, sqlShare)
}

// sqlShare puts every tenth person into the next organisation, with its number.
const sqlShare = `with pair as (
		select p.id as person, (select o.id from clients o where o.kind = 'organisation' and o.id > p.id order by o.id limit 1) as office
		from clients p where p.kind = 'person' and p.id % 10 = 5),
	employed as (update clients c set organisation_id = pair.office from pair where c.id = pair.person and pair.office is not null),
	point as (insert into contact_points (client_id, kind, raw, value, digits_tail, label, source)
		select pair.person, p.kind, p.raw, p.value, p.digits_tail, 'office', 'manual' from pair
		join lateral (select * from contact_points where client_id = pair.office and kind = 'phone' order by id limit 1) p on true
		returning id, client_id, value)
	insert into contact_readings (e164, contact_point_id, client_id, confidence) select value, id, client_id, 95 from point`
