package field

import (
	"context"

	"centralita/internal/jobs"
)

// Dictionaries returns the dictionaries with their entries, archived ones only if
// asked for.
func (s *Service) Dictionaries(ctx context.Context, archived bool) ([]Dictionary, error) {
	return s.store.dictionaries(ctx, archived)
}

// AddDictionary makes a dictionary with its first entries.
func (s *Service) AddDictionary(ctx context.Context, name string, terms []string) (d Dictionary, err error) {
	if d.Name, err = title(name, "body.name", maxTerm); err != nil {
		return d, err
	}
	d.Terms = []Term{}
	err = s.changeDefs(ctx, func(ctx context.Context) error {
		d.Terms = d.Terms[:0]
		if err := s.store.insertDictionary(ctx, &d); err != nil {
			return err
		}
		for _, label := range terms {
			t, err := s.addTerm(ctx, d.ID, label)
			if err != nil {
				return err
			}
			d.Terms = append(d.Terms, t)
		}
		return s.ports.Audit.Record(ctx, "dictionary.create", "dictionary", d.ID, nil, d)
	})
	return d, err
}

// ChangeDictionary renames a dictionary, archives it or brings it back. Fields
// that choose from an archived one go on; it is only offered no more to new ones.
func (s *Service) ChangeDictionary(ctx context.Context, id int64, name *string, archived *bool) (d Dictionary, err error) {
	err = s.changeDefs(ctx, func(ctx context.Context) error {
		before, err := s.store.dictionary(ctx, id)
		if err != nil {
			return err
		}
		d = before
		if name != nil {
			if d.Name, err = title(*name, "body.name", maxTerm); err != nil {
				return err
			}
		}
		if archived != nil {
			d.ArchivedAt = archivedAt(d.ArchivedAt, *archived)
		}
		if err := s.store.updateDictionary(ctx, d); err != nil {
			return err
		}
		return s.ports.Audit.Record(ctx, "dictionary.update", "dictionary", id, before, d)
	})
	return d, err
}

// AddTerm adds an entry to a dictionary. One that is there already is
// fault.Conflict, term_taken.
func (s *Service) AddTerm(ctx context.Context, dictionary int64, label string) (t Term, err error) {
	err = s.changeDefs(ctx, func(ctx context.Context) error {
		if t, err = s.addTerm(ctx, dictionary, label); err != nil {
			return err
		}
		return s.ports.Audit.Record(ctx, "dictionary.term.add", "dictionary", dictionary, nil, t)
	})
	return t, err
}

func (s *Service) addTerm(ctx context.Context, dictionary int64, label string) (t Term, err error) {
	t = Term{DictionaryID: dictionary}
	if t.Label, err = title(label, "body.label", maxTerm); err != nil {
		return t, err
	}
	n, err := s.store.countTerms(ctx, dictionary)
	if err != nil {
		return t, err
	}
	if n >= maxTerms {
		return t, errTooMany
	}
	return t, s.store.insertTerm(ctx, &t, s.ports.Fold(t.Label))
}

// ChangeTerm renames an entry, archives it or brings it back. Values that have it
// keep it, under its new name.
func (s *Service) ChangeTerm(ctx context.Context, id int64, label *string, archived *bool) (t Term, err error) {
	err = s.changeDefs(ctx, func(ctx context.Context) error {
		before, err := s.store.term(ctx, id)
		if err != nil {
			return err
		}
		t = before
		if label != nil {
			if t.Label, err = title(*label, "body.label", maxTerm); err != nil {
				return err
			}
		}
		if archived != nil {
			t.ArchivedAt = archivedAt(t.ArchivedAt, *archived)
		}
		if err := s.store.updateTerm(ctx, t, s.ports.Fold(t.Label)); err != nil {
			return err
		}
		if t.Label != before.Label {
			if err := s.ports.Queue.Insert(ctx, RelabelArgs{id}, &jobs.Opts{Queue: jobs.Heavy}); err != nil {
				return err
			}
		}
		return s.ports.Audit.Record(ctx, "dictionary.term.update", "dictionary", t.DictionaryID, before, t)
	})
	return t, err
}

// OrderTerms puts the entries of a dictionary into the order of ids.
func (s *Service) OrderTerms(ctx context.Context, dictionary int64, ids []int64) error {
	return s.changeDefs(ctx, func(ctx context.Context) error {
		if _, err := s.store.dictionary(ctx, dictionary); err != nil {
			return err
		}
		if err := s.store.orderTerms(ctx, dictionary, ids); err != nil {
			return err
		}
		return s.ports.Audit.Record(ctx, "dictionary.order", "dictionary", dictionary, nil, ids)
	})
}
