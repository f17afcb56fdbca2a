package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// built is the product's binary, made once per test process.
var built = sync.OnceValues(func() (string, error) {
	mod, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOMOD: %w", err)
	}
	root := filepath.Dir(strings.TrimSpace(string(mod)))
	// In the cache and not in a temporary directory: it outlives no test otherwise, and the linker is slow.
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	out := filepath.Join(cache, "centralita", "e2e", "centralita")
	args := []string{"build", "-o", out}
	if raceDetector {
		out += "-race"
		args = []string{"build", "-race", "-o", out}
	}
	cmd := exec.Command("go", append(args, "./cmd/centralita")...)
	cmd.Dir = root
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the product: %w\n%s", err, text)
	}
	return out, nil
})

// Binary returns the path of the product's binary, built from this tree; with
// the race detector when the test is.
func Binary(t testing.TB) string {
	t.Helper()
	out, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return out
}
