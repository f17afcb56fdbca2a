// Package tone makes and measures the audio of the SIP test agents: pure tones,
// a melody and speech to send, and the amplitude of a tone in what was received
// or recorded. Samples are 16-bit signed linear. Amplitudes are in the same
// units: a tone sent by this package has 8000, so that after u-law, bridging and
// Opus anything from Present up is the tone, and less than Absent is not.
package tone

import (
	"math"
	"time"
)

const (
	// Rate is the rate of telephone audio, in samples per second.
	Rate = 8000
	// Present is the least amplitude that counts as hearing a tone.
	Present = 1000
	// Absent is the amplitude under which a tone is certainly not there.
	Absent = 300
	// Level is the amplitude of the tones that are sent.
	Level = 8000
)

// Audio is one channel of sound.
type Audio struct {
	Rate    int // samples per second
	Samples []int16
}

// Duration returns how long the audio plays.
func (a Audio) Duration() time.Duration {
	if a.Rate == 0 {
		return 0
	}
	return time.Duration(len(a.Samples)) * time.Second / time.Duration(a.Rate)
}

// Amplitude returns the mean amplitude of the tone of hz over the whole of the
// audio (Goertzel under a Hann window). Fewer than 80 samples give 0.
func (a Audio) Amplitude(hz float64) float64 {
	n := len(a.Samples)
	if n < 80 || a.Rate == 0 {
		return 0
	}
	coefficient := 2 * math.Cos(2*math.Pi*hz/float64(a.Rate))
	var s1, s2, weight float64
	for i, sample := range a.Samples {
		hann := 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/float64(n-1))
		weight += hann
		s1, s2 = float64(sample)*hann+coefficient*s1-s2, s1
	}
	power := s1*s1 + s2*s2 - coefficient*s1*s2
	return 2 * math.Sqrt(math.Max(power, 0)) / weight
}

// Hears reports whether every tone given is present over the audio.
func (a Audio) Hears(hz ...float64) bool {
	for _, f := range hz {
		if a.Amplitude(f) < Present {
			return false
		}
	}
	return true
}

// Deaf reports whether none of the tones given is in the audio; no audio at all
// has none of them.
func (a Audio) Deaf(hz ...float64) bool {
	for _, f := range hz {
		if a.Amplitude(f) >= Absent {
			return false
		}
	}
	return true
}

// Lasts returns how long the tone of hz is present, counted in windows of 100 ms.
func (a Audio) Lasts(hz float64) time.Duration {
	step := a.Rate / 10
	var total time.Duration
	for at := 0; step > 0 && at+step <= len(a.Samples); at += step {
		if (Audio{a.Rate, a.Samples[at : at+step]}).Amplitude(hz) >= Present {
			total += 100 * time.Millisecond
		}
	}
	return total
}

// Peak returns the largest absolute sample, 0 for no audio.
func (a Audio) Peak() int {
	peak := 0
	for _, sample := range a.Samples {
		peak = max(peak, max(int(sample), -int(sample)))
	}
	return peak
}

// Resample returns the audio at another rate, by averaging downwards and by
// repetition upwards: good enough for speech on a telephone.
func (a Audio) Resample(rate int) Audio {
	if a.Rate == rate || a.Rate == 0 || rate <= 0 {
		return a
	}
	step := float64(a.Rate) / float64(rate)
	out := make([]int16, int(float64(len(a.Samples))/step))
	for i := range out {
		from := int(float64(i) * step)
		to := min(max(int(float64(i+1)*step), from+1), len(a.Samples))
		sum := 0
		for _, sample := range a.Samples[from:to] {
			sum += int(sample)
		}
		out[i] = int16(sum / (to - from))
	}
	return Audio{rate, out}
}
