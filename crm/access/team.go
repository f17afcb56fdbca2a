package access

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"centralita/internal/fault"
)

// UserTeam is some users who share their records with one another, and with the
// members of the teams above them. A branch is a team that others hang under.
type UserTeam struct {
	ID        int64   `json:"id"`
	ParentID  *int64  `json:"parent_id,omitempty"`
	Name      string  `json:"name"`
	MemberIDs []int64 `json:"member_ids"`
}

// TeamFields are what can be written of a team.
type TeamFields struct {
	Name      string  `json:"name" minLength:"1" maxLength:"100"`
	ParentID  *int64  `json:"parent_id,omitempty" nullable:"true" minimum:"1"`
	MemberIDs []int64 `json:"member_ids,omitempty" maxItems:"500"`
}

// Deputy stands in for an absent colleague for a time: what is the absent's own
// is his own as well.
type Deputy struct {
	ID         int64     `json:"id"`
	UserID     int64     `json:"user_id" doc:"the absent"`
	UserName   string    `json:"user_name"`
	DeputyID   int64     `json:"deputy_id"`
	DeputyName string    `json:"deputy_name"`
	StartsAt   time.Time `json:"starts_at"`
	EndsAt     time.Time `json:"ends_at"`
}

// NewDeputy names a deputy.
type NewDeputy struct {
	UserID   int64     `json:"user_id" minimum:"1" doc:"the absent"`
	DeputyID int64     `json:"deputy_id" minimum:"1"`
	StartsAt time.Time `json:"starts_at"`
	EndsAt   time.Time `json:"ends_at"`
}

var (
	errNoTeam   = fault.New(fault.NotFound, "not_found", "There is no such team.")
	errNoDeputy = fault.New(fault.NotFound, "not_found", "There is no such deputy.")
	errTeamUsed = fault.New(fault.Conflict, "team_has_teams", "Other teams hang under this one.")
	errCircle   = invalid("parent_id", "a team cannot hang under itself")
)

// longestAbsence bounds how long somebody may stand in.
const longestAbsence = 366 * 24 * time.Hour

// Teams returns all teams, by name.
func (s *Service) Teams(ctx context.Context) ([]UserTeam, error) { return s.store.teams(ctx) }

// AddTeam adds a team.
func (s *Service) AddTeam(ctx context.Context, f TeamFields) (UserTeam, error) {
	return s.writeTeam(ctx, 0, f)
}

// ChangeTeam writes a team anew, its members included.
func (s *Service) ChangeTeam(ctx context.Context, id int64, f TeamFields) (UserTeam, error) {
	return s.writeTeam(ctx, id, f)
}

func (f *TeamFields) check() error {
	f.Name = strings.TrimSpace(f.Name)
	if n := utf8.RuneCountInString(f.Name); n < 1 || n > 100 || strings.ContainsFunc(f.Name, isControl) {
		return invalid("name", "1 to 100 characters")
	}
	f.MemberIDs = slices.Clone(f.MemberIDs)
	slices.Sort(f.MemberIDs)
	f.MemberIDs = slices.Compact(f.MemberIDs)
	return nil
}

// writeTeam stores a team; id 0 is a new one.
func (s *Service) writeTeam(ctx context.Context, id int64, f TeamFields) (after UserTeam, err error) {
	if err := f.check(); err != nil {
		return after, err
	}
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		before, action := any(nil), "team.add"
		if id != 0 {
			old, err := s.store.lockTeam(ctx, id)
			if err != nil {
				return err
			}
			before, action = old, "team.change"
		}
		if after, err = s.store.saveTeam(ctx, id, f); err != nil {
			return err
		}
		if reflect.DeepEqual(before, any(after)) {
			return nil
		}
		s.teamsChanged(ctx)
		return s.audit.Record(ctx, action, "team", after.ID, before, after)
	})
	return after, err
}

// RemoveTeam removes a team that no other hangs under.
func (s *Service) RemoveTeam(ctx context.Context, id int64) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		before, err := s.store.lockTeam(ctx, id)
		if err != nil {
			return err
		}
		if err := s.store.removeTeam(ctx, id); err != nil {
			return err
		}
		s.teamsChanged(ctx)
		return s.audit.Record(ctx, "team.remove", "team", id, before, nil)
	})
}

func (s *Service) teamsChanged(ctx context.Context) {
	s.forgetAll(ctx)
	s.live.Signal(ctx, "teams.changed", nil)
}

// Deputies returns who stands, or will stand, in for whom; those of one user,
// absent or deputy, or of all for 0.
func (s *Service) Deputies(ctx context.Context, user int64) ([]Deputy, error) {
	return s.store.deputies(ctx, user, s.opts.Now())
}

// AddDeputy has somebody stand in. Everybody may name his own deputy; whoever
// manages users may do it for others.
func (s *Service) AddDeputy(ctx context.Context, n NewDeputy) (added Deputy, err error) {
	switch {
	case !mayDepute(ctx, n.UserID):
		return added, errForbidden
	case n.UserID == n.DeputyID:
		return added, invalid("deputy_id", "somebody else")
	case !n.EndsAt.After(n.StartsAt) || !n.EndsAt.After(s.opts.Now()):
		return added, invalid("ends_at", "must lie in the future, after the beginning")
	case n.EndsAt.Sub(n.StartsAt) > longestAbsence:
		return added, invalid("ends_at", "a year at most")
	}
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		if added, err = s.store.addDeputy(ctx, n, ActorFrom(ctx).UserID); err != nil {
			return err
		}
		s.teamsChanged(ctx)
		return s.audit.Record(ctx, "deputy.add", "user", n.UserID, nil, added)
	})
	return added, err
}

// RemoveDeputy ends a deputy's time, begun or not.
func (s *Service) RemoveDeputy(ctx context.Context, id int64) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		d, err := s.store.deputy(ctx, id)
		if err != nil {
			return err
		}
		if !mayDepute(ctx, d.UserID) {
			return errNoDeputy
		}
		if err := s.store.removeDeputy(ctx, id); err != nil {
			return err
		}
		s.teamsChanged(ctx)
		return s.audit.Record(ctx, "deputy.remove", "user", d.UserID, d, nil)
	})
}

func mayDepute(ctx context.Context, absent int64) bool {
	a := ActorFrom(ctx)
	return a.System() || a.UserID == absent || a.Has(UsersWrite)
}
