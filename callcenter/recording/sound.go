package recording

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
)

// Format of the raw sound: interleaved signed 16-bit little-endian, client first.
const (
	rate      = 8000
	frameSize = 4
	// maxPeaks bounds the points of a waveform, and bucket is the least sound one point stands for.
	maxPeaks = 800
	bucket   = rate / 50
)

// Peaks is the waveform: for each stretch of equal length the loudest sample, 0 to 100.
type Peaks struct {
	Client []int `json:"client"`
	Agent  []int `json:"agent"`
}

// measure reads raw sound to its end and returns its waveform and its length.
func measure(sound io.Reader) (Peaks, int, error) {
	var fine Peaks
	in := bufio.NewReaderSize(sound, 1<<16)
	var frame [frameSize]byte
	frames, client, agent := 0, 0, 0
	for {
		_, err := io.ReadFull(in, frame[:])
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break // a torn last frame is cut
		}
		if err != nil {
			return Peaks{}, 0, err
		}
		client = max(client, loudness(frame[0:2]))
		agent = max(agent, loudness(frame[2:4]))
		if frames++; frames%bucket == 0 {
			fine.Client, fine.Agent = append(fine.Client, client), append(fine.Agent, agent)
			client, agent = 0, 0
		}
	}
	return Peaks{Client: coarse(fine.Client), Agent: coarse(fine.Agent)}, frames * 1000 / rate, nil
}

func loudness(sample []byte) int {
	v := int(int16(binary.LittleEndian.Uint16(sample)))
	return max(v, -v) * 100 / 32768
}

// coarse folds points together until there are at most maxPeaks.
func coarse(fine []int) []int {
	fold := (len(fine) + maxPeaks - 1) / maxPeaks
	if fold <= 1 {
		return append([]int{}, fine...)
	}
	out := make([]int, 0, maxPeaks)
	for i := 0; i < len(fine); i += fold {
		loudest := 0
		for _, v := range fine[i:min(i+fold, len(fine))] {
			loudest = max(loudest, v)
		}
		out = append(out, loudest)
	}
	return out
}

// encode compresses raw sound into path by way of opusenc, tuned for music: what is tuned for speech is coded
// as middle and side, and one party would be heard on the other's channel. The file is complete and synced when it appears under its name.
func encode(ctx context.Context, sound io.Reader, path string) (sum string, size int64, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return "", 0, err
	}
	half := path + ".part"
	defer os.Remove(half)
	var complaint bytes.Buffer
	cmd := exec.CommandContext(ctx, "opusenc", "--quiet", "--raw", "--raw-rate", strconv.Itoa(rate), "--raw-chan", "2",
		"--raw-bits", "16", "--music", "--bitrate", "48", "-", half)
	cmd.Stdin, cmd.Stderr = sound, &complaint
	if err := runPolitely(cmd); err != nil {
		return "", 0, fmt.Errorf("opusenc: %w: %s", err, bytes.TrimSpace(complaint.Bytes()))
	}
	if sum, size, err = seal(half); err != nil {
		return "", 0, err
	}
	return sum, size, os.Rename(half, path)
}

// runPolitely runs cmd behind everything else on the machine: calls come first.
func runPolitely(cmd *exec.Cmd) error {
	if err := cmd.Start(); err != nil {
		return err
	}
	_ = syscall.Setpriority(syscall.PRIO_PROCESS, cmd.Process.Pid, 15) // it only runs sooner without
	return cmd.Wait()
}

// seal syncs a file and returns its SHA-256 and size.
func seal(path string) (string, int64, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	hash := sha256.New()
	size, err := io.Copy(hash, f)
	if err != nil {
		return "", 0, err
	}
	return hex.EncodeToString(hash.Sum(nil)), size, f.Sync()
}
