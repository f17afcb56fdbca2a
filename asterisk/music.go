package asterisk

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
)

// The music on hold is made here, so that nobody else's rights are in it: a slow broken chord that
// ends as it begins.
const (
	musicRate = 8000
	noteTicks = musicRate * 3 / 5
	loudness  = 6000.0
)

// melody in Hz; each note rings over the following one.
var melody = []float64{
	261.63, 329.63, 392.00, 523.25, 392.00, 329.63, 220.00, 261.63, 329.63, 440.00, 329.63, 261.63,
	174.61, 220.00, 261.63, 349.23, 261.63, 220.00, 196.00, 246.94, 293.66, 392.00, 293.66, 246.94,
}

// writeMusic makes the file unless it is there.
func writeMusic(name string) error {
	if _, err := os.Stat(name); err == nil {
		return nil
	}
	return replaceFile(name, wav(compose()))
}

// compose renders the melody. A note that rings past the end is heard at the beginning.
func compose() []int16 {
	const ring = 2 * noteTicks
	mix := make([]float64, len(melody)*noteTicks)
	for n, pitch := range melody {
		for i := range ring {
			at := float64(i) / musicRate
			attack := math.Min(1, at/0.02)
			fade := math.Exp(-3*at) * math.Min(1, float64(ring-i)/400)
			mix[(n*noteTicks+i)%len(mix)] += loudness * attack * fade *
				(math.Sin(2*math.Pi*pitch*at) + 0.3*math.Sin(4*math.Pi*pitch*at))
		}
	}
	samples := make([]int16, len(mix))
	for i, v := range mix {
		samples[i] = int16(math.Max(-32000, math.Min(32000, v)))
	}
	return samples
}

// wav writes 8 kHz mono samples as a WAV file.
func wav(samples []int16) []byte {
	var out bytes.Buffer
	size := uint32(2 * len(samples))
	out.WriteString("RIFF")
	for _, part := range []any{
		size + 36, [8]byte([]byte("WAVEfmt ")), uint32(16), uint16(1), uint16(1), uint32(musicRate), uint32(2 * musicRate),
		uint16(2), uint16(16), [4]byte([]byte("data")), size, samples,
	} {
		_ = binary.Write(&out, binary.LittleEndian, part) // a bytes.Buffer takes everything
	}
	return out.Bytes()
}
