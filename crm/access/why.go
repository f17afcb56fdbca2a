package access

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"centralita/internal/postgres"
)

// Reason is one way in which a record is open to a user, or why it is not. Kind
// is scope_all, own, deputy, team, unowned, share or none. UserName is whose it
// is, TeamName the team they share, Note the reason of a share.
type Reason struct {
	Kind     string     `json:"kind" enum:"scope_all,own,deputy,team,unowned,share,none"`
	UserName string     `json:"user_name,omitempty"`
	TeamName string     `json:"team_name,omitempty"`
	Note     string     `json:"note,omitempty"`
	Until    *time.Time `json:"until,omitempty"`
}

// Why says what a user may do with a record, and for which reasons he may read
// it, all of them.
type Why struct {
	UserID  int64         `json:"user_id"`
	Roles   []string      `json:"roles"`
	Scope   Scope         `json:"scope" enum:"none,own,team,all" doc:"how far his roles let him read records of this kind"`
	May     map[Verb]bool `json:"may"`
	Reasons []Reason      `json:"reasons"`
}

// Explain says why a user may read a record of r, or why he may not. The one who
// asks must be able to read it himself.
func (s *Service) Explain(ctx context.Context, r Resource, id, user int64) (Why, error) {
	owners, err := r.ownersOf(ctx, s.db, id)
	if err != nil {
		return Why{}, err
	}
	if err := r.Check(ctx, Read, id, owners...); err != nil {
		return Why{}, err
	}
	a, err := s.colleague(ctx, user) // as his rights are at this moment
	if err != nil {
		return Why{}, err
	}
	as := WithActor(ctx, a)
	why := Why{UserID: user, Roles: a.Roles, Scope: ScopeOf(as, r.Entity, Read), May: map[Verb]bool{}, Reasons: []Reason{}}
	for _, v := range Verbs {
		if v != Create {
			why.May[v] = r.Check(as, v, id, owners...) == nil
		}
	}
	why.Reasons, err = s.reasons(ctx, r, a, why.Scope, id, owners)
	return why, err
}

func (s *Service) reasons(ctx context.Context, r Resource, a Actor, scope Scope, id int64, owners []int64) (all []Reason, err error) {
	if scope == None {
		return []Reason{{Kind: "none"}}, nil
	}
	if scope == All {
		all = append(all, Reason{Kind: "scope_all"})
	}
	if len(owners) == 0 && r.Unowned {
		all = append(all, Reason{Kind: "unowned"})
	}
	ways, err := s.store.ways(ctx, a.UserID, owners, s.opts.Now())
	if err != nil {
		return nil, err
	}
	for _, w := range ways {
		if w.Kind != "team" || scope >= Team {
			all = append(all, w)
		}
	}
	if r.Shared {
		shares, err := s.store.sharesOf(ctx, r.Entity, id, a.UserID)
		if err != nil {
			return nil, err
		}
		all = slices.Concat(all, shares)
	}
	if len(all) == 0 {
		all = []Reason{{Kind: "none"}}
	}
	return all, nil
}

// ownersOf reads who owns a record.
func (r Resource) ownersOf(ctx context.Context, db *postgres.DB, id int64) ([]int64, error) {
	var owners []int64
	err := db.Conn(ctx).QueryRow(ctx, r.ownersQuery(), id).Scan(&owners)
	if postgres.IsNoRows(err) {
		return nil, r.missing()
	}
	return owners, postgres.Classify(err)
}

// sqlWays finds how the user $1 comes to what belongs to $2 at the time $3.
const sqlWays = `
	select 'own', u.name, '', '', null::timestamptz from users u where u.id = $1 and u.id = any($2)
	union all
	select 'deputy', u.name, '', '', d.ends_at from deputies d join users u on u.id = d.user_id
	where d.deputy_id = $1 and d.user_id = any($2) and d.starts_at <= $3 and d.ends_at > $3
	union all
	select 'team', u.name, t.name, '', null from (
		with recursive below as (
			select m.team_id as root, m.team_id from team_members m where m.user_id = $1
			union select b.root, c.id from teams c join below b on c.parent_id = b.team_id)
		select distinct b.root, m.user_id from below b join team_members m on m.team_id = b.team_id
		where m.user_id = any($2) and m.user_id <> $1) w
	join teams t on t.id = w.root join users u on u.id = w.user_id`

func (s store) ways(ctx context.Context, user int64, owners []int64, now time.Time) ([]Reason, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, sqlWays, user, owners, now)
	if err != nil {
		return nil, fmt.Errorf("explain: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Reason])
}

func (s store) sharesOf(ctx context.Context, e Entity, id, user int64) ([]Reason, error) {
	rows, err := s.db.Conn(ctx).Query(ctx, `select 'share', '', '', reason, until from record_shares
		where user_id = $1 and entity = $2 and entity_id = $3 and until > now() order by until desc`, user, e, id)
	if err != nil {
		return nil, fmt.Errorf("explain: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Reason])
}
