package audit_test

import (
	"math"
	"testing"

	"centralita/crm/audit"
	"centralita/internal/postgres/pgtest"
)

func TestScoreIsAgainstTheUsersOwnDays(t *testing.T) {
	month := func(pattern ...int) (days []int) {
		for range 4 {
			days = append(days, pattern...)
		}
		return days
	}
	for name, c := range map[string]struct {
		today        int
		days         []int
		usual, score float64
	}{
		"as always":              {50, month(40, 50, 60, 50, 50, 0, 0), 50, 0},
		"twice as much":          {100, month(40, 50, 60, 50, 50, 0, 0), 50, 0.6745 * 50 / 5},
		"all days alike":         {23, month(20, 20, 20, 20, 20, 0, 0), 20, 0.6745 * 3 / 2},
		"one wild day is no use": {100, append(month(40, 50, 60, 50, 50, 0, 0)[:27], 5000), 50, 0.6745 * 50 / 5},
		"new here":               {400, []int{0, 0, 0, 10, 12, 9, 11}, 10.5, 0},
		"never before":           {400, make([]int, 28), 0, 0},
	} {
		usual, score := audit.Score(c.today, c.days)
		if usual != c.usual || math.Abs(score-c.score) > 0.7 {
			t.Errorf("%s: usual %v, score %v; want %v, %v", name, usual, score, c.usual, c.score)
		}
	}
}

func TestReadersAreComparedByDaysOfTheFirm(t *testing.T) {
	db := pgtest.New(t)
	log := audit.NewLog(db)
	exec(t, db, "update firms set time_zone = 'America/Argentina/Buenos_Aires'")
	exec(t, db, `insert into users (login, name, password_hash, roles, sip_user, sip_password)
		select 'u' || i, 'User ' || i, '', '{operator}', 'u' || i, '' from generate_series(1, 3) i`)
	exec(t, db, `insert into audit_counts (user_id, kind, period, starts, n)
		select u, 'cards', 'day', date_trunc('day', now(), 'America/Argentina/Buenos_Aires') - make_interval(days => d),
		       case when d = 0 then case u when 1 then 30 else 300 end else 30 + d % 3 end
		from generate_series(1, 2) u, generate_series(0, 40) d`)
	exec(t, db, `insert into audit_counts (user_id, kind, period, starts, n) values (3, 'pages', 'day', now(), 5)`)
	readers, err := log.Readers(t.Context(), audit.Cards)
	if err != nil || len(readers) != 2 {
		t.Fatalf("%+v %v", readers, err)
	}
	if r := readers[0]; r.UserID != 2 || !r.Unusual || r.Today != 300 || r.Usual != 31 || len(r.Days) != 28 || r.Days[27] != 31 || r.Days[0] != 31 {
		t.Errorf("%+v", r)
	}
	if r := readers[1]; r.UserID != 1 || r.Unusual || r.Today != 30 {
		t.Errorf("%+v", r)
	}
	exec(t, db, `insert into audit_counts (user_id, kind, period, starts, n) values (3, 'cards', 'hour', now() - interval '3 days', 5)`)
	if err := log.Prune(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := number(t, db, "select count(*) from audit_counts where period = 'hour'"); n != 0 {
		t.Errorf("%d old hours kept", n)
	}
}
