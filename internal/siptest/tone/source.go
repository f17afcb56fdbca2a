package tone

import "math"

// Source gives audio to send, at Rate. Next fills the frame and reports whether
// there is more; after false the frame is silence and Next is not called again.
// A Source belongs to one sender and need not be safe for concurrent use.
type Source interface {
	Next(frame []int16) bool
}

// SourceFunc is a function as a Source.
type SourceFunc func(frame []int16) bool

// Next calls f.
func (f SourceFunc) Next(frame []int16) bool { return f(frame) }

// Silence sends frames of silence for ever.
func Silence() Source {
	return SourceFunc(func(frame []int16) bool {
		clear(frame)
		return true
	})
}

// Sine sends a pure tone for ever; 0 Hz or less is Silence.
func Sine(hz float64) Source {
	if hz <= 0 {
		return Silence()
	}
	phase, step := 0.0, 2*math.Pi*hz/Rate
	return SourceFunc(func(frame []int16) bool {
		for i := range frame {
			frame[i] = int16(Level * math.Sin(phase))
			phase = math.Mod(phase+step, 2*math.Pi)
		}
		return true
	})
}

// Clip sends the audio once, resampled to Rate when needed.
func Clip(audio Audio) Source {
	rest := audio.Resample(Rate).Samples
	return SourceFunc(func(frame []int16) bool {
		n := copy(frame, rest)
		clear(frame[n:])
		rest = rest[n:]
		return len(rest) > 0
	})
}

// Loop sends the audio over and over, with half a second of silence between;
// no audio is Silence.
func Loop(audio Audio) Source {
	samples := audio.Resample(Rate).Samples
	if len(samples) == 0 {
		return Silence()
	}
	at, whole := 0, len(samples)+Rate/2
	return SourceFunc(func(frame []int16) bool {
		for i := range frame {
			frame[i] = 0
			if at < len(samples) {
				frame[i] = samples[at]
			}
			at = (at + 1) % whole
		}
		return true
	})
}

// Melody returns a short tune of tones (G E C, a bar long), for a machine that
// cannot speak.
func Melody() Audio {
	var out []int16
	for _, note := range []struct{ hz, seconds float64 }{{784, 0.4}, {659, 0.4}, {523, 0.6}, {659, 0.3}, {784, 0.6}} {
		n := int(note.seconds * Rate)
		for i := range n {
			fade := math.Min(1, math.Min(float64(i), float64(n-i))/80)
			out = append(out, int16(Level*fade*math.Sin(2*math.Pi*note.hz*float64(i)/Rate)))
		}
	}
	return Audio{Rate, out}
}
