package tone

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os/exec"
)

// ReadRaw reads a two-channel recording without a header (interleaved 16-bit
// little-endian, as MixMonitor's option D writes it) at the rate given. A torn
// last frame is dropped.
func ReadRaw(r io.Reader, rate int) (left, right Audio, err error) {
	raw, err := io.ReadAll(r)
	if err != nil {
		return Audio{}, Audio{}, fmt.Errorf("read raw recording: %w", err)
	}
	channels := split(raw, 2, rate)
	return channels[0], channels[1], nil
}

func split(raw []byte, channels, rate int) []Audio {
	out := make([]Audio, channels)
	frames := len(raw) / (2 * channels)
	for c := range out {
		out[c] = Audio{rate, make([]int16, frames)}
		for i := range frames {
			out[c].Samples[i] = int16(binary.LittleEndian.Uint16(raw[2*(i*channels+c):]))
		}
	}
	return out
}

// ReadWAV reads 16-bit PCM, one Audio per channel. A data length that is wrong
// or zero (a header never finished, or a stream) is taken as "to the end".
func ReadWAV(r io.Reader) ([]Audio, error) {
	raw, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read WAV: %w", err)
	}
	if len(raw) < 12 || string(raw[:4]) != "RIFF" || string(raw[8:12]) != "WAVE" {
		return nil, errors.New("not a WAV file")
	}
	channels, rate := 0, 0
	for at := 12; at+8 <= len(raw); {
		name, size := string(raw[at:at+4]), int(binary.LittleEndian.Uint32(raw[at+4:]))
		body := raw[at+8:]
		switch {
		case name == "data" && channels > 0:
			if size > 0 && size < len(body) {
				body = body[:size]
			}
			return split(body, channels, rate), nil
		case name == "fmt " && len(body) >= 16:
			channels, rate = int(binary.LittleEndian.Uint16(body[2:])), int(binary.LittleEndian.Uint32(body[4:]))
			if bits := binary.LittleEndian.Uint16(body[14:]); bits != 16 || channels > 8 {
				return nil, fmt.Errorf("WAV of %d bits and %d channels", bits, channels)
			}
		}
		at += 8 + size + size%2
	}
	return nil, errors.New("WAV file without audio")
}

// DecodeOpus decodes an Ogg Opus file to 8 kHz by the program opusdec
// (opus-tools), one Audio per channel.
func DecodeOpus(ctx context.Context, path string) ([]Audio, error) {
	return decode(ctx, exec.CommandContext(ctx, "opusdec", "--quiet", "--force-wav", "--rate", "8000", path, "-"))
}

// Speech speaks the text in a voice ("es", "en", "ru") by the program espeak-ng;
// an error when the machine has none.
func Speech(ctx context.Context, text, voice string) (Audio, error) {
	channels, err := decode(ctx, exec.CommandContext(ctx, "espeak-ng", "-v", voice, "--stdout", "--", text))
	if err != nil {
		return Audio{}, err
	}
	return channels[0].Resample(Rate), nil
}

func decode(ctx context.Context, command *exec.Cmd) ([]Audio, error) {
	var out, complaint bytes.Buffer
	command.Stdout, command.Stderr = &out, &complaint
	if err := command.Run(); err != nil {
		return nil, errors.Join(ctx.Err(), fmt.Errorf("%s: %w: %s", command.Args[0], err, complaint.Bytes()))
	}
	channels, err := ReadWAV(&out)
	if err == nil && len(channels) == 0 {
		err = errors.New("WAV file without channels")
	}
	return channels, err
}
