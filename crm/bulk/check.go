package bulk

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"centralita/crm/access"
	"centralita/crm/client"
	"centralita/crm/field"
)

// fieldID returns the id of a field of the firm's own by its key, 0 for any other.
func fieldID(key string) int64 {
	text, custom := strings.CutPrefix(key, "custom.")
	id, err := strconv.ParseInt(text, 10, 64)
	if !custom || err != nil || id < 1 {
		return 0
	}
	return id
}

// check refuses what no client could be given, or what ctx's actor may give none.
func (s *Service) check(ctx context.Context, w BulkWhat) error {
	if err := access.Require(ctx, access.Client, access.Change); err != nil {
		return err
	}
	switch w.Kind {
	case ToResponsible:
		return s.checkUsers(ctx, w)
	case ToField:
		return s.checkField(ctx, w)
	case AddTag, RemoveTag:
		tags, err := s.ports.Marks.Tags(ctx)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(tags, func(t client.Tag) bool { return t.ID == w.TagID }) {
			return errWhat.WithField("body.what.tag_id", "unknown")
		}
	}
	return nil
}

func (s *Service) checkUsers(ctx context.Context, w BulkWhat) error {
	if err := access.Allow(ctx, access.LeadsAssign); err != nil {
		return err
	}
	users, err := s.ports.People.Users(ctx)
	if err != nil {
		return err
	}
	for i, id := range w.UserIDs {
		if !slices.ContainsFunc(users, func(u access.User) bool { return u.ID == id && u.Active }) || slices.Contains(w.UserIDs[:i], id) {
			return errWhat.WithField("body.what.user_ids["+strconv.Itoa(i)+"]", "unknown")
		}
	}
	return nil
}

func (s *Service) checkField(ctx context.Context, w BulkWhat) error {
	if id := fieldID(w.Field); id != 0 {
		return s.ports.Values.CheckChange(ctx, field.Change{FieldID: id, Value: w.Value})
	}
	if w.Field != "language" {
		return errWhat.WithField("body.what.field", "unknown")
	}
	f := client.Fields{Kind: "person", Name: "-", Language: w.Value}
	if err := f.Check(); err != nil {
		return errWhat.WithField("body.what.value", "en, es or ru")
	}
	return nil
}

// shares says how many of n each gets, so that in the end all have as equal a load
// as can be: who has least is raised first.
func shares(loads []int, n int) []int {
	order := make([]int, len(loads))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return loads[a] - loads[b] })
	out := make([]int, len(loads))
	for low := 1; n > 0; low++ { // those at order[:low] have the same by now
		each := n / low
		if low < len(order) {
			each = min(each, loads[order[low]]-loads[order[low-1]])
		}
		for _, i := range order[:low] {
			out[i] += each
		}
		n -= each * low
		if n < low || low == len(order) {
			for _, i := range order[:min(n, low)] {
				out[i]++
			}
			n -= min(n, low)
		}
	}
	return out
}
