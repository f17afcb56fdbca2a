package demo

import (
	"context"
	"math/rand/v2"
)

// lookers are how many cards people open on an ordinary day, and how many today.
// Diego opens five times as many as he does otherwise: a supervisor should ask why.
var lookers = []struct {
	login        string
	usual, today int
}{{"carmen", 42, 31}, {"diego", 38, 190}, {"olga", 35, 40}, {"javier", 24, 18}, {"irina", 28, 22}, {"marta", 19, 12}, {"elena", 9, 6}}

// looks lets people have opened cards: four weeks of counts, and today's lines in
// the log, so that the page of who looked at how much has something to show.
func (s *story) looks(ctx context.Context) error {
	r := rand.New(rand.NewPCG(11, 2026)) // of its own: nothing else changes with it
	for _, l := range lookers {
		days := make([]int, 28)
		for i := range days {
			days[i] = l.usual - 6 + r.IntN(13)
			if i%7 > 4 {
				days[i] = 0
			}
		}
		err := s.exec(ctx, `with f as (select date_trunc('day', $4::timestamptz, time_zone) as today, time_zone as zone from firms)
			insert into audit_counts (user_id, kind, period, starts, n)
			select $1::bigint, 'cards', 'day', ((f.today at time zone f.zone) - make_interval(days => 29 - d.i::int)) at time zone f.zone, d.n
			from f, unnest($2::int[]) with ordinality d (n, i) where d.n > 0
			union all select $1::bigint, 'cards', 'day', f.today, $3::int from f`, s.users[l.login], days, l.today, s.Now)
		if err != nil {
			return err
		}
		err = s.exec(ctx, `insert into audit_entries (at, user_id, action, entity, entity_id, ip)
			select greatest($3::timestamptz - make_interval(secs => 90 * ($2::int - i) + 20), date_trunc('day', $3::timestamptz, f.time_zone)),
			       $1::bigint, 'client.read', 'client', 1 + ($1::bigint * 37 + i * 11) % $4::int, '192.168.1.' || (20 + $1::bigint)
			from firms f, generate_series(1, $2::int) i`, s.users[l.login], l.today, s.Now, clientCount)
		if err != nil {
			return err
		}
	}
	return nil
}
