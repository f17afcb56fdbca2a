package reminder

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"centralita/internal/fault"
)

func TestInstant(t *testing.T) {
	for _, c := range []struct {
		local, zone, want string
		ambiguous         bool
	}{
		{"2026-11-24T10:00", "Europe/Madrid", "2026-11-24T09:00:00Z", false},
		{"2026-07-24T10:00", "Europe/Madrid", "2026-07-24T08:00:00Z", false},
		{"2028-02-29T10:00", "Europe/Madrid", "2028-02-29T09:00:00Z", false},
		{"2026-03-29T01:59", "Europe/Madrid", "2026-03-29T00:59:00Z", false},
		{"2026-03-29T03:00", "Europe/Madrid", "2026-03-29T01:00:00Z", false},
		{"2026-10-25T01:59", "Europe/Madrid", "2026-10-24T23:59:00Z", false},
		{"2026-10-25T02:00", "Europe/Madrid", "2026-10-25T00:00:00Z", true},
		{"2026-10-25T02:59", "Europe/Madrid", "2026-10-25T00:59:00Z", true},
		{"2026-10-25T03:00", "Europe/Madrid", "2026-10-25T02:00:00Z", false},
		{"2026-11-01T01:30", "America/New_York", "2026-11-01T05:30:00Z", true},
		{"2026-11-24T10:00", "Europe/Moscow", "2026-11-24T07:00:00Z", false},
		{"2026-11-24T10:00", "Asia/Kolkata", "2026-11-24T04:30:00Z", false},
		{"2026-04-05T01:45", "Australia/Lord_Howe", "2026-04-04T14:45:00Z", true},
		{"2026-11-24T00:00", "UTC", "2026-11-24T00:00:00Z", false},
	} {
		at, ambiguous, err := instant(c.local, c.zone)
		if err != nil || at.UTC().Format(time.RFC3339) != c.want || ambiguous != c.ambiguous {
			t.Errorf("%s in %s: %s %v %v, want %s %v", c.local, c.zone, at.UTC().Format(time.RFC3339), ambiguous, err, c.want, c.ambiguous)
		}
	}
}

func TestInstantRefuses(t *testing.T) {
	for _, c := range [][3]string{
		{"2026-03-29T02:30", "Europe/Madrid", "time_does_not_exist"}, {"2026-03-29T02:00", "Europe/Madrid", "time_does_not_exist"},
		{"2026-03-08T02:30", "America/New_York", "time_does_not_exist"}, {"2026-10-04T02:15", "Australia/Lord_Howe", "time_does_not_exist"},
		{"0000-00-00T10:00", "Europe/Madrid", "time_invalid"}, {"2026-02-31T10:00", "Europe/Madrid", "time_invalid"},
		{"2027-02-29T10:00", "Europe/Madrid", "time_invalid"}, {"292277026596-01-01T10:00", "Europe/Madrid", "time_invalid"},
		{"", "Europe/Madrid", "time_invalid"}, {"2026-11-24", "Europe/Madrid", "time_invalid"}, {"2026-11-24T25:00", "Europe/Madrid", "time_invalid"},
		{"2026-11-24T10:00Z", "Europe/Madrid", "time_invalid"},
		{"2026-11-24T10:00", "../../etc/passwd", "time_zone_invalid"}, {"2026-11-24T10:00", "Mars/Olympus", "time_zone_invalid"},
		{"2026-11-24T10:00", "", "time_zone_invalid"}, {"2026-11-24T10:00", "Local", "time_zone_invalid"}, {"2026-11-24T10:00", "/etc/localtime", "time_zone_invalid"},
	} {
		if at, _, err := instant(c[0], c[1]); fault.CodeOf(err) != c[2] {
			t.Errorf("%s in %s: %s %v, want %s", c[0], c[1], at, err, c[2])
		}
	}
}

// Whatever clocks show at a moment leads back to it, or to the earlier of the
// two moments at which they show it.
func TestEveryTimeThatClocksShowIsFound(t *testing.T) {
	zones := []string{"Europe/Madrid", "America/New_York", "Europe/Moscow", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "America/St_Johns"}
	rapid.Check(t, func(t *rapid.T) {
		zone := rapid.SampledFrom(zones).Draw(t, "zone")
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		at := time.Unix(rapid.Int64Range(1767225600, 1956528000).Draw(t, "at")/60*60, 0).In(loc) // 2026 to 2031
		got, ambiguous, err := instant(at.Format(layout), zone)
		if err != nil || got.After(at) || !ambiguous && !got.Equal(at) || got.In(loc).Format(layout) != at.Format(layout) {
			t.Fatalf("%s became %s, %v %v", at, got, ambiguous, err)
		}
	})
}
