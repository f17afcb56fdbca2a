package rtp

import (
	"context"
	"fmt"
	"slices"
	"time"

	"centralita/internal/siptest/tone"
)

// keep is how many packets are held each way: ten minutes.
const keep = 30_000

// stamp is one packet and when it arrived (or left, without samples).
type stamp struct {
	at      time.Time
	samples []int16
}

// history is packets in order; the oldest half is forgotten when it is full.
type history []stamp

func (h *history) add(packet stamp) {
	if len(*h) >= keep {
		*h = slices.Clone((*h)[keep/2:])
	}
	*h = append(*h, packet)
}

func (h history) longestGap(from, to time.Time) time.Duration {
	last, longest := from, time.Duration(0)
	for _, packet := range h {
		if packet.at.After(last) && packet.at.Before(to) {
			longest, last = max(longest, packet.at.Sub(last)), packet.at
		}
	}
	return max(longest, to.Sub(last))
}

// inbox holds what was heard; the session's lock guards it.
type inbox struct {
	packets   history
	total     int
	digits    []byte
	lastDigit uint32
	anyDigit  bool
	news      chan struct{}
}

func newInbox() inbox { return inbox{news: make(chan struct{})} }

func (b *inbox) add(packet stamp) {
	b.total++
	b.packets.add(packet)
	close(b.news)
	b.news = make(chan struct{})
}

func (b *inbox) event(packet stamp, clock uint32, payload []byte) {
	b.add(packet)
	repeated := b.anyDigit && b.lastDigit == clock
	if ended := payload[1]&0x80 != 0; !ended || repeated || int(payload[0]) >= len(digitKeys) {
		return
	}
	b.lastDigit, b.anyDigit = clock, true
	b.digits = append(b.digits, digitKeys[payload[0]])
}

// Packets returns how many packets have been heard so far.
func (s *Session) Packets() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.heard.total
}

// Digits returns the keys heard so far as RFC 4733 events.
func (s *Session) Digits() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.heard.digits)
}

// Samples returns the audio of the packets that arrived in [from, to), in order
// of arrival; silence that was never sent is not in it.
func (s *Session) Samples(from, to time.Time) tone.Audio {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := len(s.heard.packets)
	for first > 0 && !s.heard.packets[first-1].at.Before(from) {
		first--
	}
	out := tone.Audio{Rate: tone.Rate}
	for _, packet := range s.heard.packets[first:] {
		if packet.at.Before(to) {
			out.Samples = append(out.Samples, packet.samples...)
		}
	}
	return out
}

// Listen returns what arrives in the next window of real time.
func (s *Session) Listen(ctx context.Context, window time.Duration) (tone.Audio, error) {
	from := time.Now()
	timer := time.NewTimer(window)
	defer timer.Stop()
	select {
	case <-timer.C:
		return s.Samples(from, from.Add(window)), nil
	case <-ctx.Done():
		return tone.Audio{}, fmt.Errorf("listen: %w", ctx.Err())
	}
}

// WaitHears returns when every tone given is present in the newest 200 ms.
func (s *Session) WaitHears(ctx context.Context, hz ...float64) error {
	const window = 200 * time.Millisecond
	for {
		s.mu.Lock()
		news := s.heard.news
		s.mu.Unlock()
		now := time.Now()
		audio := s.Samples(now.Add(-window), now)
		if audio.Duration() >= window*8/10 && audio.Hears(hz...) {
			return nil
		}
		select {
		case <-news:
		case <-ctx.Done():
			return fmt.Errorf("tones %v not heard (%s): %w", hz, amplitudes(audio, hz), ctx.Err())
		}
	}
}

// WaitDeaf returns when none of the tones given has been present for 300 ms; a
// line without packets has none of them.
func (s *Session) WaitDeaf(ctx context.Context, hz ...float64) error {
	const window = 300 * time.Millisecond
	ticker := time.NewTicker(window / 10)
	defer ticker.Stop()
	for began := time.Now(); ; {
		now := time.Now()
		audio := s.Samples(now.Add(-window), now)
		if now.Sub(began) >= window && audio.Deaf(hz...) {
			return nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return fmt.Errorf("tones %v still heard (%s): %w", hz, amplitudes(audio, hz), ctx.Err())
		}
	}
}

func amplitudes(audio tone.Audio, hz []float64) string {
	out := fmt.Sprintf("%v of audio", audio.Duration())
	for _, f := range hz {
		out += fmt.Sprintf(", %.0f Hz at %.0f", f, audio.Amplitude(f))
	}
	return out
}

// LongestGap returns the longest time in [from, to] without a packet heard; the
// times before the first and after the last packet count too.
func (s *Session) LongestGap(from, to time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.heard.packets.longestGap(from, to)
}

// LongestSendGap is LongestGap of the packets sent: what this process itself,
// starved of processor, must be forgiven on the other side.
func (s *Session) LongestSendGap(from, to time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.outbox.longestGap(from, to)
}
