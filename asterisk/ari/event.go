package ari

import (
	"time"

	arilib "github.com/CyCoreSystems/ari/v5"
)

// Types of events. Those of the library first, then the ones that it does not know.
var (
	StasisStart          = arilib.Events.StasisStart // a channel entered the application: Channel, Args, Replaces
	StasisEnd            = arilib.Events.StasisEnd   // a channel left it, mostly because it ended
	ChannelCreated       = arilib.Events.ChannelCreated
	ChannelDestroyed     = arilib.Events.ChannelDestroyed // Cause, TechCause
	ChannelStateChange   = arilib.Events.ChannelStateChange
	ChannelHangupRequest = arilib.Events.ChannelHangupRequest // Cause, TechCause: who is named here hung up
	ChannelDtmfReceived  = arilib.Events.ChannelDtmfReceived  // Digit, Duration
	ChannelHold          = arilib.Events.ChannelHold          // the phone's own hold key
	ChannelUnhold        = arilib.Events.ChannelUnhold
	ChannelEnteredBridge = arilib.Events.ChannelEnteredBridge // Bridge
	ChannelLeftBridge    = arilib.Events.ChannelLeftBridge    // Bridge
	ChannelCallerID      = arilib.Events.ChannelCallerID
	ChannelConnectedLine = arilib.Events.ChannelConnectedLine
	ChannelUserevent     = arilib.Events.ChannelUserevent // Name
	Dial                 = arilib.Events.Dial             // Channel is who is called; DialStatus
	BridgeCreated        = arilib.Events.BridgeCreated
	BridgeDestroyed      = arilib.Events.BridgeDestroyed
	PlaybackStarted      = arilib.Events.PlaybackStarted
	PlaybackFinished     = arilib.Events.PlaybackFinished
	ContactStatusChange  = arilib.Events.ContactStatusChange // Endpoint, ContactURI, ContactStatus
	EndpointStateChange  = arilib.Events.EndpointStateChange // Endpoint
	DeviceStateChanged   = arilib.Events.DeviceStateChanged
)

// Types of events that came after the library.
const (
	CallBroadcast           = "CallBroadcast" // a call waits to be claimed: Channel, Caller, Called
	CallClaimed             = "CallClaimed"   // somebody has it: Channel, Winner
	ChannelTransfer         = "ChannelTransfer"
	ChannelToneDetected     = "ChannelToneDetected"
	ApplicationRegistered   = "ApplicationRegistered"
	ApplicationUnregistered = "ApplicationUnregistered"
	applicationReplaced     = "ApplicationReplaced"
	channelDialplan         = "ChannelDialplan"
	channelVarset           = "ChannelVarset"
	peerStatusChange        = "PeerStatusChange"
)

// Event is something that happened in Asterisk. Only the fields that its type speaks of are set;
// no field is ever certain to be, so check Channel.ID before use. The same event may come twice.
type Event struct {
	Type string
	// Time is Asterisk's clock; Received is ours. Measure durations between Received values only.
	Time, Received time.Time
	// Epoch is that of the Connected before it.
	Epoch uint64

	// Channel is whom the event is about. In Dial: the called one.
	Channel Channel
	// Caller is the calling channel in Dial; ID is empty when there is none.
	Caller Channel
	// Replaces is the channel whose place this one takes in StasisStart (an attended transfer).
	Replaces Channel
	// Args of StasisStart. Empty for channels that Asterisk itself put into the application.
	Args []string

	Bridge   Bridge
	Playback Playback

	// Cause is ITU Q.850; TechCause the SIP status, 0 when there is none.
	Cause, TechCause int
	// DialStatus of Dial: "", RINGING, PROGRESS, ANSWER, BUSY, NOANSWER, CANCEL, CONGESTION, CHANUNAVAIL.
	DialStatus string
	// Digit that was pressed, for Duration.
	Digit    string
	Duration time.Duration

	Endpoint      Endpoint
	ContactURI    string
	ContactStatus string // NonQualified, Reachable, Unreachable, Removed, …

	// Called and Calling are the number dialled and the caller's, in CallBroadcast: attackers' text.
	Called, Calling string
	// Winner is the application that got the call, in CallClaimed.
	Winner string
	// Name of a user event.
	Name string
}

// Connected says that events flow, from now on and under this epoch. Nothing is known of what
// happened before: take a Snapshot.
type Connected struct {
	Epoch uint64
	At    time.Time
}

// Disconnected says that events of this epoch have ended.
type Disconnected struct {
	Epoch uint64
	At    time.Time
	Err   error // why
}

// Message is a Connected, a Disconnected or an Event.
type Message interface{ message() }

func (Connected) message()    {}
func (Disconnected) message() {}
func (Event) message()        {}
