package rtp

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"centralita/internal/siptest/tone"
)

const (
	frameTime    = 20 * time.Millisecond
	frameSamples = tone.Rate / 50
	payloadULaw  = 0
	payloadEvent = 101 // RFC 4733, as offered in our SDP
)

// sender is the state of one outgoing stream; it belongs to one goroutine.
type sender struct {
	ssrc     uint32
	sequence uint16
	clock    uint32
	marker   bool
	event    *event
}

// send emits one frame per 20 ms of real time. Frames missed because the machine
// was busy are made up for, at most ten at once; beyond that the clock jumps.
func (s *Session) send(ssrc uint32, sequence uint16) {
	ticker := time.NewTicker(frameTime)
	defer ticker.Stop()
	out := sender{ssrc: ssrc, sequence: sequence, marker: true}
	start, sent := time.Now(), int64(0)
	for {
		select {
		case <-s.done:
			return
		case <-ticker.C:
		}
		due := int64(time.Since(start)/frameTime) - sent
		if skip := due - 10; skip > 0 {
			out.clock += uint32(skip) * frameSamples
			sent, due = sent+skip, 10
		}
		for ; due > 0; due, sent = due-1, sent+1 {
			s.sendFrame(&out)
		}
	}
}

func (s *Session) sendFrame(out *sender) {
	remote, packet := s.nextPacket(out)
	out.clock += frameSamples
	if packet == nil {
		out.marker = true
		return
	}
	if _, err := s.conn.WriteToUDPAddrPort(packet, remote); err != nil {
		return // a far side that is gone answers with ICMP: not our fault, and no reason to stop
	}
	s.mu.Lock()
	s.outbox.add(stamp{at: time.Now()})
	s.mu.Unlock()
}

func (s *Session) nextPacket(out *sender) (netip.AddrPort, []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if out.event == nil && len(s.digits) > 0 {
		out.event = &event{digit: s.digits[0], clock: out.clock}
		s.digits = s.digits[1:]
		out.marker = true
	}
	if out.event != nil {
		packet := out.header(payloadEvent, out.event.clock, out.event.next())
		if out.event.over() {
			close(out.event.done)
			out.event = nil
		}
		return s.remote, packet
	}
	if s.source == nil || s.paused {
		return s.remote, nil
	}
	frame := make([]int16, frameSamples)
	if !s.source.Next(frame) {
		s.source = tone.Silence()
	}
	payload := make([]byte, frameSamples)
	for i, sample := range frame {
		payload[i] = tone.EncodeULaw(sample)
	}
	return s.remote, out.header(payloadULaw, out.clock, payload)
}

func (o *sender) header(payloadType byte, clock uint32, payload []byte) []byte {
	second := payloadType
	if o.marker {
		second |= 0x80
	}
	o.marker = false
	packet := append(make([]byte, 0, 12+len(payload)), 0x80, second)
	packet = binary.BigEndian.AppendUint16(packet, o.sequence)
	packet = binary.BigEndian.AppendUint32(packet, clock)
	packet = binary.BigEndian.AppendUint32(packet, o.ssrc)
	o.sequence++
	return append(packet, payload...)
}

const digitKeys = "0123456789*#ABCD"

type digit struct {
	code byte
	done chan struct{}
}

// event is a digit on its way: five packets of tone, then the end three times.
type event struct {
	digit
	clock uint32
	sent  int
}

func (e *event) next() []byte {
	e.sent++
	length, end := uint16(min(e.sent, 6)*frameSamples), byte(10)
	if e.sent > 5 {
		end |= 0x80
	}
	return binary.BigEndian.AppendUint16([]byte{e.code, end}, length)
}

func (e *event) over() bool { return e.sent == 8 }

// SendDigits sends keys of "0123456789*#ABCD" as RFC 4733 events, one after
// another, and returns when the last has gone out.
func (s *Session) SendDigits(ctx context.Context, keys string) error {
	for _, key := range keys {
		code := strings.IndexRune(digitKeys, key)
		if code < 0 {
			return fmt.Errorf("no such key: %q", key)
		}
		next := digit{code: byte(code), done: make(chan struct{})}
		s.mu.Lock()
		s.digits = append(s.digits, next)
		s.mu.Unlock()
		select {
		case <-next.done:
		case <-s.done:
			return fmt.Errorf("media closed before key %q", key)
		case <-ctx.Done():
			return fmt.Errorf("key %q: %w", key, ctx.Err())
		}
	}
	return nil
}
