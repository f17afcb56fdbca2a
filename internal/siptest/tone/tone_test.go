package tone_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"centralita/internal/siptest/tone"

	"pgregory.net/rapid"
)

func take(source tone.Source, length time.Duration) tone.Audio {
	samples := make([]int16, int(length.Seconds()*tone.Rate))
	source.Next(samples)
	return tone.Audio{Rate: tone.Rate, Samples: samples}
}

func TestAmplitudeTellsTonesApart(t *testing.T) {
	audio := take(tone.Sine(500), 200*time.Millisecond)
	if got := audio.Amplitude(500); math.Abs(got-tone.Level) > 0.02*tone.Level {
		t.Errorf("amplitude of the tone sent = %.0f, want about %d", got, tone.Level)
	}
	for _, other := range []float64{440, 620, 900, 1300} {
		if got := audio.Amplitude(other); got >= tone.Absent {
			t.Errorf("amplitude at %.0f Hz of a 500 Hz tone = %.0f, want < %d", other, got, tone.Absent)
		}
	}
	if !audio.Hears(500) || audio.Hears(500, 900) || !audio.Deaf(900) || audio.Deaf(500) {
		t.Error("Hears and Deaf disagree with the amplitudes")
	}
}

func TestLastsCountsOnlyTheTone(t *testing.T) {
	audio := take(tone.Silence(), time.Second)
	audio.Samples = append(audio.Samples, take(tone.Sine(900), 700*time.Millisecond).Samples...)
	if got := audio.Lasts(900); got != 700*time.Millisecond {
		t.Errorf("tone lasts %v, want 700ms", got)
	}
}

func TestULawKeepsEverySampleClose(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sample := rapid.Int16().Draw(t, "sample")
		got := tone.DecodeULaw(tone.EncodeULaw(sample))
		want := math.Max(-32124, math.Min(32124, float64(sample)))
		if diff := math.Abs(float64(got) - want); diff > 4+math.Abs(want)/28 {
			t.Fatalf("%d came back as %d", sample, got)
		}
	})
	if got := tone.EncodeULaw(0); got != 0xff {
		t.Errorf("u-law of silence = %#x, want 0xff", got)
	}
}

func TestReadRawKeepsTheChannelsApart(t *testing.T) {
	left, right := take(tone.Sine(500), time.Second), take(tone.Sine(900), time.Second)
	gotLeft, gotRight, err := tone.ReadRaw(bytes.NewReader(append(interleave(left, right), 7)), tone.Rate)
	if err != nil {
		t.Fatal(err)
	}
	checkStereo(t, gotLeft, gotRight)
}

func TestDecodeOpusKeepsTheChannelsApart(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	dir := t.TempDir()
	raw, opus := filepath.Join(dir, "call.raw"), filepath.Join(dir, "call.opus")
	data := interleave(take(tone.Sine(500), 2*time.Second), take(tone.Sine(900), 2*time.Second))
	if err := os.WriteFile(raw, data, 0o600); err != nil {
		t.Fatal(err)
	}
	encode := exec.CommandContext(ctx, "opusenc", "--quiet", "--raw", "--raw-rate", "8000", "--raw-chan", "2", raw, opus)
	if out, err := encode.CombinedOutput(); err != nil {
		t.Fatalf("opusenc: %v: %s", err, out)
	}
	channels, err := tone.DecodeOpus(ctx, opus)
	if err != nil || len(channels) != 2 {
		t.Fatalf("decode: %v, %d channels", err, len(channels))
	}
	checkStereo(t, channels[0], channels[1])
}

func checkStereo(t *testing.T, left, right tone.Audio) {
	t.Helper()
	if !left.Hears(500) || !left.Deaf(900) || !right.Hears(900) || !right.Deaf(500) {
		t.Errorf("left 500/900 Hz = %.0f/%.0f, right = %.0f/%.0f", left.Amplitude(500), left.Amplitude(900),
			right.Amplitude(500), right.Amplitude(900))
	}
}

func interleave(left, right tone.Audio) []byte {
	var out []byte
	for i := range left.Samples {
		out = binary.LittleEndian.AppendUint16(out, uint16(left.Samples[i]))
		out = binary.LittleEndian.AppendUint16(out, uint16(right.Samples[i]))
	}
	return out
}

func TestReadWAVSurvivesAHeaderNeverFinished(t *testing.T) {
	header := []byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00data\x00\x00\x00\x00")
	sound := take(tone.Sine(500), time.Second)
	for _, sample := range sound.Samples {
		header = binary.LittleEndian.AppendUint16(header, uint16(sample))
	}
	channels, err := tone.ReadWAV(bytes.NewReader(header))
	if err != nil || len(channels) != 1 || !channels[0].Hears(500) || channels[0].Duration() != time.Second {
		t.Fatalf("unfinished WAV: %v, %d channels", err, len(channels))
	}
	if _, err := tone.ReadWAV(bytes.NewReader([]byte("nothing of the sort"))); err == nil {
		t.Error("garbage was read as a WAV file")
	}
}

func TestSourcesComeToAnEnd(t *testing.T) {
	clip := tone.Clip(take(tone.Sine(500), 30*time.Millisecond))
	frame := make([]int16, 160)
	if !clip.Next(frame) || clip.Next(frame) || frame[159] != 0 {
		t.Error("a clip of 30 ms is two frames, the second half silent")
	}
	again := take(tone.Loop(tone.Melody()), 6*time.Second)
	if got := again.Lasts(784); got < 1500*time.Millisecond {
		t.Errorf("the melody's first note lasts %v in two rounds", got)
	}
	if got := tone.Melody().Resample(16000).Resample(8000).Lasts(523); got < 400*time.Millisecond {
		t.Errorf("after resampling the note lasts %v", got)
	}
}

func TestSpeechSpeaksWhereTheMachineCan(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	_, missing := exec.LookPath("espeak-ng")
	speech, err := tone.Speech(ctx, "--version is not an option here", "en")
	if (err != nil) != (missing != nil) {
		t.Fatalf("espeak-ng: %v; speech: %v", missing, err)
	}
	if err == nil && (speech.Rate != tone.Rate || speech.Duration() < time.Second || speech.Peak() < 2000) {
		t.Errorf("speech of %v at %d Hz with a peak of %d", speech.Duration(), speech.Rate, speech.Peak())
	}
}
