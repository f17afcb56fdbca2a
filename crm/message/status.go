package message

import (
	"context"
	"fmt"
	"regexp"

	"centralita/internal/postgres"
)

// Report is what the carrier says of an outbound message. MessageID is ours,
// from the callback's signed URL, or 0.
type Report struct {
	MessageID              int64
	SID, Status, ErrorCode string
}

var codeShape = regexp.MustCompile(`^\d{1,6}$`)

// maxSID bounds a carrier's id, in bytes.
const maxSID = 64

// Report takes a status of a message. A status that came before, or that says
// less than is known, changes nothing. It works before the carrier's id is known
// here, because our own id is part of the callback's URL.
func (s *Service) Report(ctx context.Context, r Report) error {
	to, known := stateOf(r.Status)
	if r.SID == "" || len(r.SID) > maxSID || !known {
		return nil
	}
	if !codeShape.MatchString(r.ErrorCode) {
		r.ErrorCode = ""
	}
	return s.db.InTx(ctx, func(ctx context.Context) error {
		fresh, err := s.store.noteReport(ctx, r)
		if err != nil || !fresh {
			return err
		}
		id, err := s.store.idOf(ctx, r.SID)
		if err != nil {
			return err
		}
		if id == 0 {
			id = r.MessageID
		}
		m, changed, err := s.store.advance(ctx, id, to, r.SID, r.ErrorCode, reasonOf(r.ErrorCode))
		if err != nil || !changed {
			return err
		}
		return s.announce(ctx, m)
	})
}

// noteReport keeps a report; false when the same one is there already.
func (s *Store) noteReport(ctx context.Context, r Report) (fresh bool, err error) {
	tag, err := s.db.Conn(ctx).Exec(ctx, `
		insert into message_callbacks (provider_id, status, message_id, error_code)
		values ($1, $2, (select id from messages where id = $3), $4) on conflict do nothing`, r.SID, r.Status, r.MessageID, r.ErrorCode)
	if err != nil {
		return false, fmt.Errorf("note sms status: %w", err)
	}
	return tag.RowsAffected() == 1, nil
}

// idOf returns the message with the carrier's id, or 0.
func (s *Store) idOf(ctx context.Context, sid string) (id int64, err error) {
	err = s.db.Conn(ctx).QueryRow(ctx, `select id from messages where provider_id = $1`, sid).Scan(&id)
	if postgres.IsNoRows(err) {
		return 0, nil
	}
	return id, err
}

// reasonOf explains the carrier's commonest codes to people.
func reasonOf(code string) string {
	switch code {
	case "":
		return ""
	case "30003", "30005":
		return "The phone is off or the number does not exist."
	case "30004", "30007":
		return "The carrier blocked the message."
	case "30006":
		return "This is a landline, or a carrier that takes no SMS."
	case codeUnsubscribed:
		return errOptedOut.Message
	}
	return "Not delivered (code " + code + ")."
}
