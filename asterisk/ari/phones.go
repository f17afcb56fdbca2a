package ari

import (
	"context"
	"errors"
	"regexp"
)

// Phone is a SIP account for a person's softphone or desk phone.
type Phone struct {
	// ID is the account's name, the SIP user and the endpoint's name: PJSIP/ID. Letters and digits.
	// Choose it unguessable: a caller whose From has this user would be taken for this phone.
	ID string
	// Password the phone registers with. Asterisk keeps it in the clear.
	Password string
	// Browser is a WebRTC phone over a websocket; otherwise plain SIP over UDP.
	Browser bool
	// Name is shown to the other side of calls between phones.
	Name string
	// Number goes with Name; ID when empty.
	Number string
	// Language of the prompts this phone hears: en, es or ru; Asterisk's default when empty.
	Language string
}

// phoneContext is where calls dialled on a phone enter the dialplan; package asterisk makes it.
const phoneContext = "phones"

var (
	phoneID       = regexp.MustCompile(`^[A-Za-z0-9]{1,64}$`)
	phoneLanguage = regexp.MustCompile(`^[a-z]{0,3}$`)
)

// PutPhone makes or changes a phone's account while Asterisk runs. A phone registered under it
// stays registered.
func (c *Client) PutPhone(ctx context.Context, p Phone) error {
	if !phoneID.MatchString(p.ID) || p.Password == "" || !phoneLanguage.MatchString(p.Language) {
		return &Error{Op: "PUT phone", Kind: ErrBadRequest, Message: "unusable ID, password or language"}
	}
	parts := []struct {
		kind   string
		fields map[string]string
	}{
		{"auth", map[string]string{"auth_type": "userpass", "username": p.ID, "password": p.Password}},
		{"aor", map[string]string{"max_contacts": "1", "remove_existing": "yes", "remove_unavailable": "yes", "support_path": "yes"}},
		{"endpoint", p.endpoint()},
	}
	for _, part := range parts {
		if err := c.PutConfig(ctx, "res_pjsip", part.kind, p.ID, part.fields); err != nil {
			return err
		}
	}
	return nil
}

// endpoint is the account's endpoint object.
func (p Phone) endpoint() map[string]string {
	fields := map[string]string{
		"auth": p.ID, "aors": p.ID, "context": phoneContext,
		"direct_media": "no", "allow_transfer": "no", "rtp_symmetric": "yes",
		"force_rport": "yes", "rewrite_contact": "yes", "rtp_timeout": "20", "device_state_busy_at": "2",
	}
	// G.711 for browsers, too: the other side is the telephone network at 8 kHz, and MixMonitor's option D cuts the
	// frames of anything faster (asterisk issue 1779), which makes noise of the recording.
	fields["allow"] = "!all,ulaw,alaw"
	if p.Browser {
		fields["webrtc"], fields["dtls_auto_generate_cert"] = "yes", "yes"
	} else {
		fields["webrtc"] = "no"
	}
	number := p.Number
	if number == "" {
		number = p.ID
	}
	fields["callerid"] = callerID(p.Name, number)
	if p.Language != "" {
		fields["language"] = p.Language
	}
	return fields
}

// DeletePhone removes a phone's account, and with it the registrations under it: they ring no more
// and cannot be refreshed. Conversations go on. An account that is not there is no error.
func (c *Client) DeletePhone(ctx context.Context, id string) error {
	for _, kind := range []string{"endpoint", "aor", "auth"} {
		if err := c.deletePart(ctx, kind, id); err != nil {
			return err
		}
	}
	return nil
}

// DropContacts forgets who is registered under an account; PutPhone makes it whole again. To be done
// when a password was changed: Asterisk asks for it only when a registration is refreshed.
func (c *Client) DropContacts(ctx context.Context, id string) error {
	return c.deletePart(ctx, "aor", id)
}

func (c *Client) deletePart(ctx context.Context, kind, id string) error {
	if err := c.DeleteConfig(ctx, "res_pjsip", kind, id); err != nil && !errors.Is(err, ErrGone) {
		return err
	}
	return nil
}
