package message

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"centralita/crm/access"
)

func (s *Store) list(ctx context.Context, f Filter) ([]Message, error) {
	conditions, args := []string{"true"}, []any{}
	add := func(condition string, value any) {
		args = append(args, value)
		conditions = append(conditions, fmt.Sprintf(condition, len(args)))
	}
	conditions[0] = Messages.Where(ctx, access.Read, "m", func(v any) string {
		args = append(args, v)
		return "$" + strconv.Itoa(len(args))
	})
	if f.ClientID != 0 {
		add("m.client_id = $%d", f.ClientID)
	}
	if f.State != "" {
		add("m.state = $%d", f.State)
	}
	if f.Direction != "" {
		add("m.direction = $%d", f.Direction)
	}
	if f.Before != 0 {
		add("m.id < $%d", f.Before)
	}
	args = append(args, f.Limit)
	items, err := s.many(ctx, `select `+columns+` from messages m`+joins+`
		where `+strings.Join(conditions, " and ")+` order by m.id desc limit $`+strconv.Itoa(len(args)), args...)
	if items == nil {
		items = []Message{}
	}
	return items, err
}
