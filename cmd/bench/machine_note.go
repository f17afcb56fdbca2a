package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"centralita/asterisk/ari"
)

// machineNote says on what was measured.
type machineNote struct {
	CPU      string  `json:"cpu"`
	Cores    int     `json:"cores"`
	MemoryGB int     `json:"memory_gb"`
	Kernel   string  `json:"kernel"`
	Load     string  `json:"load_at_start"` // one, five, fifteen minutes: what else runs
	Go       string  `json:"go"`
	Postgres string  `json:"postgres"`
	Asterisk string  `json:"asterisk"`
	Revision string  `json:"revision"`
	FsyncMS  float64 `json:"fsync_ms"` // median of a few: what a durable commit costs at least
}

// String is the note for people.
func (m machineNote) String() string {
	return fmt.Sprintf("%s, %d cores, %d GB, Linux %s, load %s, %s, %s, Asterisk %s, fsync %s ms, revision %s",
		m.CPU, m.Cores, m.MemoryGB, m.Kernel, m.Load, m.Go, m.Postgres, m.Asterisk, show(m.FsyncMS), m.Revision)
}

func describeMachine(w *world) machineNote {
	return machineNote{
		CPU: procLine("/proc/cpuinfo", "model name"), Cores: runtime.NumCPU(), MemoryGB: memoryKB("/proc/meminfo", "MemTotal") >> 20,
		Kernel: said("uname", "-r"), Load: loadOf(), Go: runtime.Version(), Postgres: strings.TrimSpace(w.store.version()),
		Asterisk: switchVersion(w), Revision: said("git", "rev-parse", "--short", "HEAD"), FsyncMS: fsync(w.cache),
	}
}

// procLine returns the value of a "name : value" line, "" when there is none.
func procLine(file, name string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	for line := range bytes.Lines(text) {
		key, value, ok := strings.Cut(string(line), ":")
		if ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// memoryKB reads a "name: 123 kB" line; 0 when there is none.
func memoryKB(file, name string) int {
	var kb int
	if _, err := fmt.Sscanf(procLine(file, name), "%d kB", &kb); err != nil {
		return 0
	}
	return kb
}

func loadOf() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	return strings.Join(strings.Fields(string(text))[:3], " ")
}

func said(program string, args ...string) string {
	out, err := exec.Command(program, args...).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

func switchVersion(w *world) string {
	client, err := ari.New(ari.Config{URL: w.state.ARI, Username: w.state.ARIUser, Password: w.state.ARISecret, App: "bench-look"})
	if err != nil {
		return ""
	}
	defer client.Close()
	info, err := client.Info(context.Background())
	if err != nil {
		return ""
	}
	return info.Version
}

// fsync is the median time of making 8 kB durable in dir, in milliseconds.
func fsync(dir string) float64 {
	file, err := os.CreateTemp(dir, "fsync-")
	if err != nil {
		return 0
	}
	defer os.Remove(file.Name())
	defer file.Close()
	var s sample
	for range 21 {
		began := time.Now()
		if _, err := file.Write(make([]byte, 8<<10)); err != nil || file.Sync() != nil {
			return 0
		}
		s.add(time.Since(began))
	}
	return s.stats().P50
}
