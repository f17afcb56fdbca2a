package ari

import (
	"context"
	"net/http"
	"strings"

	arilib "github.com/CyCoreSystems/ari/v5"
)

// Playback is something being played to a channel or a bridge.
type Playback struct {
	ID        string
	Media     string // sound:name, tone:name, …
	TargetURI string // channel:ID or bridge:ID
	State     string // queued, playing, done, failed, …
}

// playbackOf takes over the library's form.
func playbackOf(p arilib.PlaybackData) Playback {
	return Playback{ID: p.ID, Media: p.MediaURI, TargetURI: p.TargetURI, State: p.State}
}

// Play plays media (sound:…, tone:…, several one after another) to a channel, in the channel's
// language when language is empty. playbackID is ours to choose; PlaybackFinished carries it.
func (c *Client) Play(ctx context.Context, channelID, playbackID, language string, media ...string) error {
	return c.do(ctx, play("channels", channelID, playbackID, language, media))
}

// PlayToBridge is Play to everybody in a bridge.
func (c *Client) PlayToBridge(ctx context.Context, bridgeID, playbackID, language string, media ...string) error {
	return c.do(ctx, play("bridges", bridgeID, playbackID, language, media))
}

func play(where, id, playbackID, language string, media []string) command {
	return post(where, id, "play").
		with("media", strings.Join(media, ",")).with("playbackId", playbackID).with("lang", language)
}

// StopPlayback ends a playback. ErrGone: it had ended.
func (c *Client) StopPlayback(ctx context.Context, playbackID string) error {
	return c.do(ctx, command{method: http.MethodDelete, path: []string{"playbacks", playbackID}})
}
