package message

import (
	"context"
	"regexp"
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
		m, changed, err := s.store.report(ctx, r, to)
		if err != nil || !changed {
			return err
		}
		return s.announce(ctx, m)
	})
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
