package siptest

import (
	"context"
	"fmt"
	"net/netip"

	"centralita/internal/siptest/sip"
)

// binding is the registration of a UA.
type binding struct {
	callID     string
	cseq       int
	registered bool
}

// expiry is how long a registration lasts, in seconds; tests are shorter.
const expiry = 3600

// Register registers the account at Config.Server, or refreshes the
// registration; a refusal is a *StatusError.
func (u *UA) Register(ctx context.Context) error { return u.bind(ctx, expiry) }

// Unregister takes the registration back.
func (u *UA) Unregister(ctx context.Context) error { return u.bind(ctx, 0) }

func (u *UA) registered() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.binding.registered
}

func (u *UA) bind(ctx context.Context, seconds int) error {
	server, err := netip.ParseAddrPort(u.config.Server)
	if err != nil {
		return fmt.Errorf("registrar: %w", err)
	}
	tag := sip.Token()
	m, err := u.ask(ctx, server, func(extra ...sip.Header) *sip.Message {
		u.mu.Lock()
		u.binding.cseq++
		cseq, callID := u.binding.cseq, u.binding.callID
		u.mu.Unlock()
		account := "<sip:" + u.config.User + "@" + u.config.Server + ">"
		return &sip.Message{Method: "REGISTER", URI: "sip:" + u.config.Server, Headers: append([]sip.Header{
			{Name: "Via", Value: u.via()}, {Name: "Max-Forwards", Value: "70"},
			{Name: "From", Value: account + ";tag=" + tag}, {Name: "To", Value: account},
			{Name: "Call-ID", Value: callID}, {Name: "CSeq", Value: fmt.Sprintf("%d REGISTER", cseq)},
			{Name: "Contact", Value: u.contact()}, {Name: "Expires", Value: fmt.Sprint(seconds)},
		}, extra...)}
	})
	if err != nil {
		return err
	}
	if m.Status >= 300 {
		return &StatusError{"REGISTER", m.Status, m.Reason}
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.binding.registered = seconds > 0
	return nil
}
