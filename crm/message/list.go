package message

import (
	"context"
	"fmt"
	"strconv"
)

// List returns a page of the messages that ctx's actor may read, newest first, and the cursor of the next
// page, "" at the end.
func (s *Service) List(ctx context.Context, f Filter) (items []Message, next string, err error) {
	limit := f.Limit
	f.Limit++
	if items, err = s.store.list(ctx, f); err != nil {
		return nil, "", fmt.Errorf("list messages: %w", err)
	}
	if len(items) > limit {
		items = items[:limit]
		next = strconv.FormatInt(items[limit-1].ID, 36)
	}
	return items, next, s.seen(ctx, items)
}
