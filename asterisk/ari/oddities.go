package ari

import (
	"log/slog"
	"sync"
)

// known are the types of events that consumers may get.
var known = setOf(StasisStart, StasisEnd, ChannelCreated, ChannelDestroyed, ChannelStateChange, ChannelHangupRequest,
	ChannelDtmfReceived, ChannelHold, ChannelUnhold, ChannelEnteredBridge, ChannelLeftBridge, ChannelCallerID,
	ChannelConnectedLine, ChannelUserevent, Dial, BridgeCreated, BridgeDestroyed, PlaybackStarted, PlaybackFinished,
	ContactStatusChange, EndpointStateChange, DeviceStateChanged, CallBroadcast, CallClaimed, ChannelTransfer,
	ChannelToneDetected, ApplicationRegistered, ApplicationUnregistered, channelVarset, channelDialplan,
	peerStatusChange, "PlaybackContinuing", "RecordingStarted", "RecordingFinished", "RecordingFailed",
	"BridgeMerged", "BridgeVideoSourceChanged", "BridgeBlindTransfer", "BridgeAttendedTransfer", "ApplicationMoveFailed",
	"ChannelTalkingStarted", "ChannelTalkingFinished", "TextMessageReceived", "RESTResponse")

// ignored are noise that may come before the filter is set.
var ignored = setOf(channelVarset, channelDialplan, peerStatusChange)

// watched are the types that the watching application is for.
var watched = setOf(ContactStatusChange, EndpointStateChange, ChannelStateChange, ChannelDestroyed)

func setOf(types ...string) map[string]bool {
	set := make(map[string]bool, len(types))
	for _, t := range types {
		set[t] = true
	}
	return set
}

// oddities counts what Asterisk sends and nobody understands, and logs each kind once.
type oddities struct {
	log *slog.Logger

	mu         sync.Mutex
	seen       map[string]bool
	unknowns   uint64
	malformeds uint64
}

// maxKinds bounds the memory of what was logged.
const maxKinds = 1000

func newOddities(log *slog.Logger) *oddities { return &oddities{log: log, seen: map[string]bool{}} }

func (o *oddities) unknown(eventType string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.unknowns++
	if !o.seen[eventType] && len(o.seen) < maxKinds {
		o.seen[eventType] = true
		o.log.Warn("ari: unknown event type ignored", "type", eventType)
	}
}

func (o *oddities) malformed(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.malformeds == 0 {
		o.log.Warn("ari: malformed event ignored", "error", err)
	}
	o.malformeds++
}

func (o *oddities) counts() (malformed, unknown uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.malformeds, o.unknowns
}
