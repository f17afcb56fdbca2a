package demo

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"time"
)

// rate of the sound in samples per second, and the longest recording.
const (
	rate    = 8000
	longest = 30 * time.Second
)

// voice is a hum with the rhythm of speech.
type voice struct {
	pitch float64
	r     *rand.Rand
}

// conversation makes the sound of a call: the client on the left, ours on the
// right, in turns; of a message the client alone.
func conversation(c PastCall) []byte {
	from := c.AnsweredAt
	if from.IsZero() {
		from = c.MessageAt
	}
	length := min(c.EndedAt.Sub(from), longest)
	frames := int(length.Seconds() * rate)
	client, agent := make([]float64, frames), make([]float64, frames)
	speak(c, client, agent)
	out := make([]byte, 4*frames)
	for i := range frames {
		binary.LittleEndian.PutUint16(out[4*i:], sample(client[i]))
		binary.LittleEndian.PutUint16(out[4*i+2:], sample(agent[i]))
	}
	return out
}

// sample is a level, about -1 to 1, as 16 bits.
func sample(level float64) uint16 {
	return uint16(int16(max(-32_000, min(32_000, level*9000))))
}

// speak fills both sides turn by turn.
func speak(c PastCall, client, agent []float64) {
	r := rand.New(rand.NewPCG(uint64(c.ID), 3))
	callers, ours := voice{120 + 100*r.Float64(), r}, voice{110 + 110*r.Float64(), r}
	ourTurn := c.AnsweredAt.After(c.StartedAt)
	for at := rate / 4; at < len(client); ourTurn = !ourTurn && !c.AnsweredAt.IsZero() {
		turn := rate + r.IntN(3*rate)
		end := min(at+turn, len(client))
		if ourTurn {
			ours.say(agent[at:end])
		} else {
			callers.say(client[at:end])
		}
		at = end + rate/5
	}
}

// say fills sound with syllables.
func (v voice) say(sound []float64) {
	for at := 0; at < len(sound); {
		n := min(rate/8+v.r.IntN(rate/8), len(sound)-at)
		v.syllable(sound[at : at+n])
		at += n + v.r.IntN(rate/16)
	}
}

// syllable is a pitch with two formants, swelling and fading.
func (v voice) syllable(sound []float64) {
	pitch := v.pitch * (0.9 + 0.2*v.r.Float64())
	first, second := 300+500*v.r.Float64(), 900+1400*v.r.Float64()
	for i := range sound {
		t := float64(i) / rate
		swell := math.Sin(math.Pi * float64(i) / float64(len(sound)))
		for h := 1.0; h*pitch < 3400; h++ {
			f := h * pitch
			weight := math.Exp(-math.Abs(f-first)/180) + 0.6*math.Exp(-math.Abs(f-second)/220)
			sound[i] += swell * weight * math.Sin(2*math.Pi*f*t) / 3
		}
	}
}
