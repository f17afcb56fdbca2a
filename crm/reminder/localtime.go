package reminder

import (
	"time"
	_ "time/tzdata" // reminders must not depend on what is installed
)

// layout is the form of local times.
const layout = "2006-01-02T15:04"

// instant returns the moment at which clocks in the named zone show local. A
// time that they skip is errGap; for one that they show twice it is the first
// moment, and ambiguous is true.
func instant(local, zone string) (at time.Time, ambiguous bool, err error) {
	wall, err := time.Parse(layout, local)
	if err != nil {
		return at, false, errTime
	}
	loc, err := location(zone)
	if err != nil {
		return at, false, err
	}
	// Only the offsets of the days around can be in force at that time.
	before, after := moment(wall, loc, -24*time.Hour), moment(wall, loc, 24*time.Hour)
	first, second := shows(before, wall), shows(after, wall)
	switch {
	case first && second:
		if after.Before(before) {
			before, after = after, before
		}
		return before, !before.Equal(after), nil
	case first:
		return before, false, nil
	case second:
		return after, false, nil
	}
	return at, false, errGap
}

// moment reads wall as a time in loc under the offset that is in force a while
// away from it.
func moment(wall time.Time, loc *time.Location, away time.Duration) time.Time {
	_, offset := wall.Add(away).In(loc).Zone()
	return wall.Add(-time.Duration(offset) * time.Second).In(loc)
}

// shows reports whether clocks show wall at the moment.
func shows(at, wall time.Time) bool {
	_, offset := at.Zone()
	return at.UTC().Add(time.Duration(offset) * time.Second).Equal(wall)
}

// location returns a zone by its name in the tz database.
func location(name string) (*time.Location, error) {
	if name == "" || name == "Local" || len(name) > 64 {
		return nil, errZone
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, errZone
	}
	return loc, nil
}
