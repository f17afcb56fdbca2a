package lead

import (
	"strconv"
	"time"

	"centralita/internal/phone"
)

// Contact is one contact over one channel, as the room that received it knows it.
type Contact struct {
	Source    string    // "call", "sms", "manual", "form", "chat" or "email"
	Direction string    // "in" (also when empty) or "out"; a contact out opens no lead
	LineID    int64     // 0: none
	LeadID    int64     // out only: the lead that it is made for; 0: the open one of the identity, if any
	ClientID  int64     // the one confident candidate; 0 when there is none, or several
	E164      string    // "" when the number cannot be read
	Raw       string    // as claimed; attackers' input
	Caller    string    // as claimed; attackers' input
	CallID    int64     // of a call
	MessageID int64     // of an SMS
	UniqueKey string    // what tells this contact from all others, for one without a number; "asteriskid/uniqueid"
	UserID    int64     // out: who makes it; else 0
	At        time.Time // when it happened
	Recovered bool      // learnt from the switch's evidence only

	ResponsibleID int64  // 0: the client's
	Note          string // first note of the lead
}

// Filed says where a contact was filed. LeadID is 0 for a contact out that
// belongs to no lead; InteractionID is 0 for a manual lead.
type Filed struct {
	LeadID        int64
	InteractionID int64
	Opened        bool
}

// identity is what makes two contacts the same enquiry, line aside.
func (c Contact) identity() string {
	switch {
	case c.ClientID != 0:
		return clientIdentity(c.ClientID)
	case c.E164 != "":
		return numberIdentity(c.E164)
	}
	return "u:" + c.Source + "/" + c.UniqueKey
}

func clientIdentity(id int64) string    { return "c:" + strconv.FormatInt(id, 10) }
func numberIdentity(e164 string) string { return "n:" + e164 }

// refID is the id of the contact's own row in its room, 0 when it has none.
func (c Contact) refID() int64 {
	if c.CallID != 0 {
		return c.CallID
	}
	return c.MessageID
}

// clean makes what strangers claim safe to store.
func (c Contact) clean() Contact {
	c.Raw, c.Caller, c.UniqueKey = phone.Text(c.Raw), phone.Text(c.Caller), phone.Text(c.UniqueKey)
	if c.Direction == "" {
		c.Direction = "in"
	}
	if c.At.IsZero() {
		c.At = time.Now()
	}
	return c
}
