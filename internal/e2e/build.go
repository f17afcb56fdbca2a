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
	// Kept in the cache: whoever starts the tests again does not wait for the linker.
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	out := filepath.Join(cache, "centralita", "e2e", "centralita")
	args := []string{"build", "-o", out}
	if raceDetector && Soak() {
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

// Soak reports whether the tests run in their full size.
func Soak() bool { return os.Getenv("CENTRALITA_SOAK") != "" }

// Binary returns the path of the product's binary, built from this tree; in a
// soak with the race detector when the test has it, too: it makes the product
// several times slower.
func Binary(t testing.TB) string {
	t.Helper()
	out, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return out
}
