package merge

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"centralita/crm/client"
	"centralita/internal/fault"
)

// chosen are the columns of a client whose value a person chooses; of the others the merge knows best.
var chosen = []string{"name", "responsible_id", "organisation_id", "position", "source_id", "note", "language", "time_zone"}

// settled says what becomes of a column of both, as SQL over the winner w and the loser l.
var settled = map[string]string{
	"last_contact_at": "greatest(w.last_contact_at, l.last_contact_at)",
	"created_at":      "least(w.created_at, l.created_at)",
	"archived_at":     "case when w.archived_at is not null then l.archived_at end",
	"sms_opt_out_at":  "coalesce(w.sms_opt_out_at, l.sms_opt_out_at)",
}

// fields writes the winner's columns anew and returns what changed.
func (s *Store) fields(ctx context.Context, winner, loser client.Client, choices map[string]Choice) (map[string]change, error) {
	for field, choice := range choices {
		if !slices.Contains(chosen, field) || choice != OfWinner && choice != OfLoser {
			return nil, fault.New(fault.Invalid, "invalid_input", "Check the marked fields.").WithField("body.fields."+field, "unknown")
		}
	}
	known := map[string]change{}
	for _, column := range chosen {
		value := "coalesce(nullif(w." + column + "::text, ''), l." + column + "::text)"
		switch choices[column] {
		case OfWinner:
			continue
		case OfLoser:
			value = "l." + column + "::text"
		}
		if err := s.set(ctx, known, column, value, winner.ID, loser.ID); err != nil {
			return nil, err
		}
	}
	for column, value := range settled {
		if err := s.set(ctx, known, column, value, winner.ID, loser.ID); err != nil {
			return nil, err
		}
	}
	if _, renamed := known["name"]; renamed {
		if err := s.set(ctx, known, "name_key", "l.name_key", winner.ID, loser.ID); err != nil {
			return nil, err
		}
	}
	_, err := s.db.Conn(ctx).Exec(ctx, "update clients set version = version + 1, updated_at = now() where id = $1", winner.ID)
	return known, err
}

// set gives one column of the winner the value of an expression, and notes a change in known.
func (s *Store) set(ctx context.Context, known map[string]change, column, value string, winner, loser int64) error {
	var before, after []byte
	sql := fmt.Sprintf(`with old as (select to_jsonb(w.%[1]s) as v from clients w where w.id = $1),
		new as (update clients w set %[1]s = (jsonb_populate_record(w, jsonb_build_object('%[1]s', %[2]s))).%[1]s
			from clients l where w.id = $1 and l.id = $2 returning to_jsonb(w.%[1]s) as v)
		select coalesce(old.v, 'null'), coalesce(new.v, 'null') from old, new`, column, value)
	if err := s.db.Conn(ctx).QueryRow(ctx, sql, winner, loser).Scan(&before, &after); err != nil {
		return fmt.Errorf("merge field %s: %w", column, err)
	}
	if string(before) != string(after) {
		known[column] = change{Before: before, After: after}
	}
	return nil
}

// fieldsBack gives the winner the values he had, where nobody has changed them since.
func (s *Store) fieldsBack(ctx context.Context, winner int64, fields map[string]change) error {
	for column, c := range fields {
		object, err := json.Marshal(map[string]json.RawMessage{column: c.Before})
		if err != nil {
			return fmt.Errorf("take back field %s: %w", column, err)
		}
		sql := fmt.Sprintf(`update clients w set %[1]s = (jsonb_populate_record(w, $2::jsonb)).%[1]s
			where id = $1 and coalesce(to_jsonb(w.%[1]s), 'null') = $3::jsonb`, quote(column))
		if _, err := s.db.Conn(ctx).Exec(ctx, sql, winner, string(object), string(c.After)); err != nil {
			return fmt.Errorf("take back field %s: %w", column, err)
		}
	}
	_, err := s.db.Conn(ctx).Exec(ctx, "update clients set version = version + 1, updated_at = now() where id = $1", winner)
	return err
}
