package asterisk

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
)

// DefaultRoot is where install.sh puts Asterisk, unless CENTRALITA_ASTERISK_ROOT says otherwise.
const DefaultRoot = "/var/cache/centralita/asterisk"

// MinimumVersion is the first release with everything that this program needs.
const MinimumVersion = "22.10.1"

const (
	rootVariable = "CENTRALITA_ASTERISK_ROOT"
	stampFile    = ".centralita-complete"
)

// ErrNoRoot: no usable Asterisk is installed. The cure is asterisk/install.sh.
var ErrNoRoot = errors.New("no Asterisk " + MinimumVersion + " or later found: run asterisk/install.sh")

// FindRoot finds the Asterisk to run, in the order of install.sh: the root that
// CENTRALITA_ASTERISK_ROOT names, a system Asterisk that is new enough ("/"), DefaultRoot.
func FindRoot() (string, error) {
	if root := os.Getenv(rootVariable); root != "" {
		if complete(root) {
			return root, nil
		}
		return "", fmt.Errorf("%s=%s: %w", rootVariable, root, ErrNoRoot)
	}
	if p, err := programIn("/"); err == nil {
		if v, err := p.version(); err == nil && NewEnough(v) {
			return "/", nil
		}
	}
	if complete(DefaultRoot) {
		return DefaultRoot, nil
	}
	return "", ErrNoRoot
}

// complete says whether install.sh finished that root.
func complete(root string) bool {
	_, err := os.Stat(filepath.Join(root, stampFile))
	return err == nil
}

// Version of the Asterisk in a root, as it says itself, for example 22.10.1.
func Version(root string) (string, error) {
	p, err := programIn(root)
	if err != nil {
		return "", err
	}
	return p.version()
}

var versionForm = regexp.MustCompile(`(\d+)\.(\d+)(?:\.(\d+))?`)

// NewEnough says whether a version is MinimumVersion or later.
func NewEnough(version string) bool {
	have, need := versionForm.FindStringSubmatch(version), versionForm.FindStringSubmatch(MinimumVersion)
	if have == nil {
		return false
	}
	for i := 1; i < len(need); i++ {
		h, _ := strconv.Atoi(have[i])
		n, _ := strconv.Atoi(need[i])
		if h != n {
			return h > n
		}
	}
	return true
}

// program is how the Asterisk in a root is run.
type program struct {
	argv    []string // to put before Asterisk's own arguments
	env     []string
	modules string // directory
	data    string // the package's own data
}

// programIn finds the parts in a root. In a root that is not the system's, the root's own dynamic
// loader runs the program with the root's own libraries, so that no chroot is needed.
func programIn(root string) (program, error) {
	modules, err := only(filepath.Join(root, "usr/lib/*/asterisk/modules"), filepath.Join(root, "usr/lib/asterisk/modules"))
	if err != nil {
		return program{}, err
	}
	binary := filepath.Join(root, "usr/sbin/asterisk")
	p := program{argv: []string{binary}, modules: modules, data: filepath.Join(root, "usr/share/asterisk"),
		env: []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "TZ=UTC", "LC_ALL=C.UTF-8"}}
	if root == "/" {
		return p, nil
	}
	loader, err := only(filepath.Join(root, "usr/lib64/ld-linux*.so.*"), filepath.Join(root, "usr/lib/ld-linux*.so.*"))
	if err != nil {
		return program{}, err
	}
	private := filepath.Dir(modules)
	libraries := filepath.Dir(private)
	p.argv = []string{loader, "--library-path", libraries + ":" + private, binary}
	p.env = append(p.env, "OPENSSL_MODULES="+filepath.Join(libraries, "ossl-modules"),
		"OPENSSL_CONF="+filepath.Join(root, "etc/ssl/openssl.cnf"), "GCONV_PATH="+filepath.Join(libraries, "gconv"))
	return p, nil
}

// only gives the first match of the first pattern that has one.
func only(patterns ...string) (string, error) {
	for _, pattern := range patterns {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			return found[0], nil
		}
	}
	return "", fmt.Errorf("%w (nothing like %s)", ErrNoRoot, patterns[0])
}

func (p program) command(args ...string) *exec.Cmd {
	argv := append(append([]string{}, p.argv...), args...)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = p.env
	return cmd
}

func (p program) version() (string, error) {
	out, err := p.command("-V").Output()
	if err != nil {
		return "", fmt.Errorf("asterisk -V: %w", err)
	}
	version := versionForm.FindString(string(out))
	if version == "" {
		return "", fmt.Errorf("asterisk -V said %q", out)
	}
	return version, nil
}
