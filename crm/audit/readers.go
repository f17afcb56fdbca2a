package audit

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// historyDays is how many days before today a reader is compared with.
const historyDays = 28

// Reader is how much of a kind one user looked at: today, and on each of the 28
// days before, the oldest first. Usual is the median of the days on which he
// looked at anything, Score how far today is from it (see Score); Unusual says
// that it is far.
type Reader struct {
	UserID   int64   `json:"user_id"`
	UserName string  `json:"user_name"`
	Active   bool    `json:"active"`
	Kind     Kind    `json:"kind"`
	Today    int     `json:"today"`
	Days     []int   `json:"days"`
	Usual    float64 `json:"usual"`
	Score    float64 `json:"score"`
	Unusual  bool    `json:"unusual"`
}

// The bounds of what is usual.
const (
	unusualScore = 3.5 // Iglewicz and Hoaglin's own recommendation
	unusualLeast = 20  // less than this is nobody's carrying away
	fewDays      = 5   // with a shorter history nothing is usual yet
)

// Score is the modified z-score of today against the days of a user's own history
// on which he looked at anything:
//
//	0.6745 × (today − median) / MAD
//
// where MAD is the median of the days' distances from their median (B. Iglewicz,
// D. C. Hoaglin: How to Detect and Handle Outliers, ASQC 1993; NIST/SEMATECH
// e-Handbook of Statistical Methods, 1.3.5.17). It does not move with the outliers
// that it looks for. The MAD is taken to be at least a tenth of the median and at
// least 1, so that somebody whose days are all alike is not flagged for one card
// more. With fewer than five such days the score is 0.
func Score(today int, days []int) (usual, score float64) {
	worked := slices.DeleteFunc(slices.Clone(days), func(n int) bool { return n == 0 })
	usual = median(worked)
	if len(worked) < fewDays {
		return usual, 0
	}
	off := make([]float64, len(worked))
	for i, n := range worked {
		off[i] = math.Abs(float64(n) - usual)
	}
	mad := max(median(off), usual/10, 1)
	return usual, 0.6745 * (float64(today) - usual) / mad
}

// median returns the middle of values, 0 of none.
func median[T int | float64](values []T) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	switch {
	case n == 0:
		return 0
	case n%2 == 1:
		return float64(sorted[n/2])
	}
	return float64(sorted[n/2-1]+sorted[n/2]) / 2
}

// Readers returns who looked at how much of kind: everybody with a count in the
// last 29 days, the unusual first, then by today's count.
func (l *Log) Readers(ctx context.Context, kind Kind) ([]Reader, error) {
	rows, err := l.db.Conn(ctx).Query(ctx, `
		with f as (select time_zone as zone, date_trunc('day', now(), time_zone) as today from firms)
		select u.id, u.name, u.active, c.n, ((f.today at time zone f.zone)::date - (c.starts at time zone f.zone)::date) as ago
		from f cross join users u join audit_counts c on c.user_id = u.id and c.kind = $1 and c.period = 'day'
		 and c.starts > f.today - make_interval(days => $2 + 1)
		where ((f.today at time zone f.zone)::date - (c.starts at time zone f.zone)::date) between 0 and $2
		order by u.id`, kind, historyDays)
	if err != nil {
		return nil, fmt.Errorf("read readers: %w", err)
	}
	readers := []Reader{}
	var one Reader
	n, ago := 0, 0
	_, err = pgx.ForEachRow(rows, []any{&one.UserID, &one.UserName, &one.Active, &n, &ago}, func() error {
		if len(readers) == 0 || readers[len(readers)-1].UserID != one.UserID {
			one.Kind, one.Days = kind, make([]int, historyDays)
			readers = append(readers, one)
		}
		r := &readers[len(readers)-1]
		if ago == 0 {
			r.Today += n
		} else {
			r.Days[historyDays-ago] += n
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read readers: %w", err)
	}
	for i := range readers {
		r := &readers[i]
		r.Usual, r.Score = Score(r.Today, r.Days)
		r.Unusual = r.Score > unusualScore && r.Today >= unusualLeast
	}
	slices.SortStableFunc(readers, byNotice)
	return readers, nil
}

func byNotice(a, b Reader) int {
	if a.Unusual != b.Unusual {
		if a.Unusual {
			return -1
		}
		return 1
	}
	return b.Today - a.Today
}

// keepHourly is how long counts by the hour are of use.
const keepHourly = 48 * time.Hour

// keepDays is how long counts by the day are kept: a year and a month.
const keepDays = 400 * 24 * time.Hour

// Prune removes counts that no quota and no history needs; for an hourly errand.
func (l *Log) Prune(ctx context.Context) error {
	_, err := l.db.Conn(ctx).Exec(ctx, `delete from audit_counts
		where period = 'hour' and starts < now() - $1::interval or period = 'day' and starts < now() - $2::interval`, keepHourly, keepDays)
	if err != nil {
		return fmt.Errorf("prune counts: %w", err)
	}
	return nil
}
