package field

import "context"

// CheckChange refuses a change that no client could take from ctx's actor: a
// field that is not there, not his to see or computed, a value that is none of
// it. What only one client has, a file, cannot be given to several.
func (s *Service) CheckChange(ctx context.Context, c Change) error {
	d, err := s.store.defs(ctx, Client)
	if err != nil {
		return err
	}
	e := &editing{Service: s, defs: d, book: &book{cells: map[int64]cell{}}}
	f, err := e.field(ctx, 0, c.FieldID)
	if err != nil {
		return err
	}
	if f.Type == File {
		return errNoField
	}
	after, err := f.read(c.Value, s.ports.Fold)
	if err != nil {
		return err
	}
	if after.empty() && f.Options.Required {
		return invalid("value_required", "This field must not be empty.")
	}
	return e.refer(ctx, f, &after)
}
