package rtp

import (
	"encoding/binary"
	"fmt"
	"net"
	"syscall"
	"time"
	"unsafe"

	"centralita/internal/siptest/tone"
)

// askArrivalTimes makes the kernel stamp every datagram, so that a busy test
// process doesn't measure its own lateness as a gap.
func askArrivalTimes(conn *net.UDPConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return fmt.Errorf("raw socket: %w", err)
	}
	var failure error
	err = raw.Control(func(fd uintptr) {
		failure = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_TIMESTAMPNS, 1)
	})
	if err != nil {
		return fmt.Errorf("raw socket: %w", err)
	}
	return failure
}

func (s *Session) receive() {
	packet, control := make([]byte, 2048), make([]byte, 128)
	for {
		n, controlled, _, _, err := s.conn.ReadMsgUDPAddrPort(packet, control)
		if err != nil {
			select {
			case <-s.done:
				return
			default:
				continue // ICMP "port unreachable" of something that we sent
			}
		}
		s.take(packet[:n], arrival(control[:controlled]))
	}
}

// arrival reads the kernel's stamp and moves it to the monotonic clock.
func arrival(control []byte) time.Time {
	now := time.Now()
	messages, err := syscall.ParseSocketControlMessage(control)
	if err != nil {
		return now
	}
	for _, m := range messages {
		if m.Header.Level == syscall.SOL_SOCKET && m.Header.Type == syscall.SCM_TIMESTAMPNS && len(m.Data) >= int(unsafe.Sizeof(syscall.Timespec{})) {
			seconds := int64(binary.NativeEndian.Uint64(m.Data))
			nanos := int64(binary.NativeEndian.Uint64(m.Data[8:]))
			if late := now.Sub(time.Unix(seconds, nanos)); late > 0 && late < time.Minute {
				return now.Add(-late)
			}
		}
	}
	return now
}

func (s *Session) take(packet []byte, at time.Time) {
	if len(packet) < 12 || packet[0]>>6 != 2 {
		return
	}
	header := 12 + 4*int(packet[0]&15)
	if packet[0]&0x10 != 0 || header > len(packet) {
		return // header extensions are never offered
	}
	kind, clock := packet[1]&0x7f, binary.BigEndian.Uint32(packet[4:])
	payload := packet[header:]
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case kind == payloadULaw:
		samples := make([]int16, len(payload))
		for i, octet := range payload {
			samples[i] = tone.DecodeULaw(octet)
		}
		s.heard.add(stamp{at, samples})
	case kind == payloadEvent && len(payload) >= 4:
		s.heard.event(stamp{at: at}, clock, payload)
	}
}
