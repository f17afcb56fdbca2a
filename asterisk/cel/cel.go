// Package cel reads the event log that Asterisk writes beside every call: the durable witness that
// a call was there, for whoever was not listening when it happened. It knows the columns that the
// configuration of package asterisk asks for, and nothing of what a call means.
//
// The log is CSV, every field quoted and every quote doubled. Names and numbers in it are
// attackers' text and may hold line breaks; they cannot forge a row, because a row begins with
// three quoted fields that cannot stand inside a field without their quotes being doubled.
package cel

import (
	"encoding/json"
	"time"
)

// Types of rows.
const (
	ChannelStart = "CHAN_START"
	ChannelEnd   = "CHAN_END"
	Answer       = "ANSWER"
	Hangup       = "HANGUP"
	BridgeEnter  = "BRIDGE_ENTER"
	BridgeExit   = "BRIDGE_EXIT"
	LinkedIDEnd  = "LINKEDID_END" // the last channel of a conversation has gone
	UserDefined  = "USER_DEFINED"
)

// Names of user-defined rows that the dialplan writes.
const (
	// Fallback: nobody claimed the call; Row.Text is why (TIMEOUT or FAILED).
	Fallback = "CRM_FALLBACK"
	// Voicemail: from here on the caller speaks a message into the recording.
	Voicemail = "CRM_VOICEMAIL"
)

// Row is one line of the log. Type, Time, UniqueID and LinkedID are always set.
type Row struct {
	Entity       string // of the Asterisk that wrote it
	Type         string
	Time         time.Time // UTC, microseconds
	UniqueID     string    // of the channel; also the recording's name
	LinkedID     string    // UniqueID of the conversation's first channel
	Channel      string    // technology/endpoint-number
	CallerName   string    // attackers' text
	CallerNumber string    // attackers' text
	Exten        string    // attackers' text in ChannelStart: what was dialled
	Context      string
	App          string
	Peer         string
	UserEvent    string // name of a user-defined row
	Extra        string // JSON, or nothing
}

// Cause of a Hangup row, ITU Q.850; 0 when it is not known.
func (r Row) Cause() int {
	var extra struct {
		Cause int `json:"hangupcause"`
	}
	if json.Unmarshal([]byte(r.Extra), &extra) != nil {
		return 0
	}
	return extra.Cause
}

// HungUpBy is the channel that hung up, in a Hangup row; "" when it was not one of the parties, or not known.
func (r Row) HungUpBy() string {
	var extra struct {
		Source string `json:"hangupsource"`
	}
	if json.Unmarshal([]byte(r.Extra), &extra) != nil {
		return ""
	}
	return extra.Source
}

// Text that a user-defined row carries.
func (r Row) Text() string {
	var extra struct {
		Extra string `json:"extra"`
	}
	if json.Unmarshal([]byte(r.Extra), &extra) != nil {
		return ""
	}
	return extra.Extra
}
