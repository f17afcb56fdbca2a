package ari

import (
	"context"
	"strings"

	arilib "github.com/CyCoreSystems/ari/v5"
)

// Bridge is what joins channels.
type Bridge struct {
	ID         string
	Name       string
	Type       string // mixing or holding, as Asterisk reports it
	Technology string
	Creator    string   // "Stasis" for those made by ARI
	Channels   []string // IDs of the channels in it
}

// bridgeOf takes over the library's form.
func bridgeOf(b arilib.BridgeData) Bridge {
	return Bridge{ID: b.ID, Name: b.Name, Type: b.Type, Technology: b.Technology, Creator: b.Creator, Channels: b.ChannelIDs}
}

// BridgeType is what a new bridge is for.
type BridgeType string

// Types of a bridge. A mixing bridge without WithDTMFEvents may take the shortest path for audio,
// on which digits are not reported.
const (
	Mixing         BridgeType = "mixing"
	WithDTMFEvents BridgeType = "mixing,dtmf_events"
	Holding        BridgeType = "holding"
	// AlwaysMixing mixes sound anew for everybody in it, two as well. (Asterisk has no name for that alone: of the types
	// it knows, the one that passes on pictures never takes a shorter path for sound.)
	AlwaysMixing BridgeType = "mixing,dtmf_events,video_sfu"
)

var (
	createKinds = kinds{409: ErrConflict}
	// A channel that has gone is a 400 here, one that the application does not hold a 422.
	addKinds    = kinds{400: ErrGone, 409: ErrBadState, 422: ErrNotInApp}
	removeKinds = kinds{400: ErrGone, 409: ErrBadState, 422: ErrBadState}
)

// Bridges lists every bridge of this Asterisk, ours or not.
func (c *Client) Bridges(ctx context.Context) ([]Bridge, error) {
	var wire []arilib.BridgeData
	cmd := get("bridges")
	cmd.into = &wire
	if err := c.do(ctx, cmd); err != nil {
		return nil, err
	}
	bridges := make([]Bridge, len(wire))
	for i := range wire {
		bridges[i] = bridgeOf(wire[i])
	}
	return bridges, nil
}

// Bridge reads one bridge. ErrGone when there is none of that ID.
func (c *Client) Bridge(ctx context.Context, bridgeID string) (Bridge, error) {
	var wire arilib.BridgeData
	cmd := get("bridges", bridgeID)
	cmd.into = &wire
	if err := c.do(ctx, cmd); err != nil {
		return Bridge{}, err
	}
	return bridgeOf(wire), nil
}

// CreateBridge makes an empty bridge with an ID of ours. Never use an ID twice: Asterisk is known
// to crash on that. It lives until DeleteBridge, also when it is empty.
func (c *Client) CreateBridge(ctx context.Context, bridgeID, name string, kind BridgeType) error {
	cmd := post("bridges").with("bridgeId", bridgeID).with("name", name).with("type", string(kind))
	cmd.kinds = createKinds
	return c.do(ctx, cmd)
}

// AddChannels puts channels that our application holds into a bridge, out of the ones they are in.
// ErrGone: the bridge or a channel does not exist any more.
func (c *Client) AddChannels(ctx context.Context, bridgeID string, channelIDs ...string) error {
	cmd := post("bridges", bridgeID, "addChannel").with("channel", strings.Join(channelIDs, ","))
	cmd.kinds = addKinds
	return c.do(ctx, cmd)
}

// RemoveChannels takes channels out of a bridge; they stay in the application.
// ErrBadState: a channel is not in that bridge.
func (c *Client) RemoveChannels(ctx context.Context, bridgeID string, channelIDs ...string) error {
	cmd := post("bridges", bridgeID, "removeChannel").with("channel", strings.Join(channelIDs, ","))
	cmd.kinds = removeKinds
	return c.do(ctx, cmd)
}

// DeleteBridge ends a bridge; the channels in it stay in the application.
func (c *Client) DeleteBridge(ctx context.Context, bridgeID string) error {
	return c.do(ctx, remove("bridges", bridgeID))
}

// StartBridgeMusic plays the music class ("" for default) in a holding bridge, which is silent
// without it. The music ends when the bridge empties: ask for it after every join.
func (c *Client) StartBridgeMusic(ctx context.Context, bridgeID, class string) error {
	return c.do(ctx, post("bridges", bridgeID, "moh").with("mohClass", class))
}

// StopBridgeMusic ends StartBridgeMusic.
func (c *Client) StopBridgeMusic(ctx context.Context, bridgeID string) error {
	return c.do(ctx, remove("bridges", bridgeID, "moh"))
}
