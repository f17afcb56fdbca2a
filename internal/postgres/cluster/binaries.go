package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// MinMajor is the oldest PostgreSQL that the product's SQL runs on.
const MinMajor = 15

// Binaries is a directory with postgres, initdb, pg_ctl, pg_dump and the rest.
type Binaries struct {
	Dir   string
	Major int
}

// Path returns the path of the program called name.
func (b Binaries) Path(name string) string { return filepath.Join(b.Dir, name) }

// Find returns the newest installed PostgreSQL server of MinMajor or later: in
// the directory that CENTRALITA_PG_BIN names, else where Debian and the Red Hat
// family put them, else on the PATH.
func Find() (Binaries, error) {
	var dirs []string
	if dir := os.Getenv("CENTRALITA_PG_BIN"); dir != "" {
		dirs = []string{dir}
	} else {
		for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin"} {
			found, err := filepath.Glob(pattern)
			if err != nil {
				return Binaries{}, err
			}
			dirs = append(dirs, found...)
		}
		if p, err := exec.LookPath("postgres"); err == nil {
			dirs = append(dirs, filepath.Dir(p))
		}
	}
	return newest(dirs)
}

func newest(dirs []string) (Binaries, error) {
	var found []Binaries
	for _, dir := range dirs {
		if major, err := majorOf(filepath.Join(dir, "postgres")); err == nil {
			found = append(found, Binaries{Dir: dir, Major: major})
		}
	}
	if len(found) == 0 {
		return Binaries{}, errors.New("no PostgreSQL server is installed (Debian: apt-get install postgresql)")
	}
	best := slices.MaxFunc(found, func(a, b Binaries) int { return a.Major - b.Major })
	if best.Major < MinMajor {
		return Binaries{}, fmt.Errorf("PostgreSQL %d is installed, %d or later is needed", best.Major, MinMajor)
	}
	return best, nil
}

var versionText = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

func majorOf(postgres string) (int, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, postgres, "--version").Output()
	if err != nil {
		return 0, err
	}
	m := versionText.FindSubmatch(out)
	if m == nil {
		return 0, fmt.Errorf("%s: no version in %q", postgres, out)
	}
	return strconv.Atoi(string(m[1]))
}
