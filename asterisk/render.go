package asterisk

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"text/template"
)

//go:embed templates
var templateFiles embed.FS

var templates = template.Must(template.ParseFS(templateFiles, "templates/*.conf"))

// prompts are the recorded voices of each language, as Debian's packages name them.
var prompts = map[string]string{"en": "en_US_*", "es": "es_*", "ru": "ru_RU_*"}

// secret files hold passwords: for Asterisk's user alone.
const (
	secretFile = 0o600
	directory  = 0o750
)

// view is what the templates see.
type view struct {
	Config
	Modules     string
	ClaimMillis int64
}

// Render writes the configuration of an instance, and makes its directories. What earlier runs
// left there (recordings, event log, accounts) stays. Do not call it while the instance runs.
func Render(config Config) error {
	config = config.withDefaults()
	if err := config.check(); err != nil {
		return err
	}
	program, err := programIn(config.Root)
	if err != nil {
		return err
	}
	for _, dir := range []string{"etc", "lib/keys", "db", "cache", "run", "log", "log/cel-custom", "data/moh", "data/sounds",
		"spool/monitor", "spool/recording", "spool/tmp", "spool/outgoing", "spool/meetme", "spool/system"} {
		if err := os.MkdirAll(filepath.Join(config.Dir, dir), directory); err != nil {
			return fmt.Errorf("asterisk: %w", err)
		}
	}
	if err := writeConfiguration(config, program); err != nil {
		return err
	}
	if err := linkData(config, program); err != nil {
		return err
	}
	if err := writeMusic(filepath.Join(config.Dir, "data/moh/centralita.wav")); err != nil {
		return err
	}
	return handOver(config)
}

// writeConfiguration fills in every template.
func writeConfiguration(config Config, p program) error {
	seen := view{Config: config, Modules: p.modules, ClaimMillis: config.Claim.Milliseconds()}
	files, err := fs.Glob(templateFiles, "templates/*.conf")
	if err != nil {
		return err
	}
	names := map[string]bool{}
	for _, file := range files {
		names[filepath.Base(file)] = true
	}
	for name := range config.Append {
		names[name] = true
	}
	for name := range names {
		var text strings.Builder
		if templates.Lookup(name) != nil {
			if err := templates.ExecuteTemplate(&text, name, seen); err != nil {
				return fmt.Errorf("asterisk: %s: %w", name, err)
			}
		}
		if more := config.Append[name]; more != "" {
			text.WriteString("\n" + more + "\n")
		}
		if err := replaceFile(filepath.Join(config.Dir, "etc", filepath.Base(name)), []byte(text.String())); err != nil {
			return err
		}
	}
	return nil
}

// linkData puts the package's read-only data where the instance looks for it, and each language's
// voice under the language's name.
func linkData(config Config, p program) error {
	links := map[string]string{
		"documentation": filepath.Join(p.data, "documentation"),
		"rest-api":      filepath.Join(p.data, "rest-api"),
	}
	for language, voice := range prompts {
		found, err := only(filepath.Join(p.data, "sounds", voice))
		if err != nil {
			// A system's own Asterisk need not have them all. English is what is heard for a missing one.
			if language == config.Language || language == "en" {
				return fmt.Errorf("asterisk: prompts in %s: %w", language, err)
			}
			continue
		}
		links[filepath.Join("sounds", language)] = found
	}
	for name, target := range links {
		link := filepath.Join(config.Dir, "data", name)
		if now, err := os.Readlink(link); err == nil && now == target {
			continue
		}
		if err := os.Remove(link); err != nil && !os.IsNotExist(err) {
			return fmt.Errorf("asterisk: %w", err)
		}
		if err := os.Symlink(target, link); err != nil {
			return fmt.Errorf("asterisk: %w", err)
		}
	}
	return nil
}

// replaceFile writes a file whole or not at all.
func replaceFile(name string, content []byte) error {
	half := name + ".new"
	if err := os.WriteFile(half, content, secretFile); err != nil {
		return fmt.Errorf("asterisk: %w", err)
	}
	if err := os.Rename(half, name); err != nil {
		return fmt.Errorf("asterisk: %w", err)
	}
	return nil
}

// handOver gives the directory to the user that Asterisk will run as, where that is another one.
func handOver(config Config) error {
	uid, gid, err := config.credential()
	if err != nil || uid == os.Geteuid() {
		return err
	}
	return filepath.WalkDir(config.Dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, uid, gid)
	})
}

// credential is the user that Asterisk runs as.
func (c Config) credential() (uid, gid int, err error) {
	if c.User == "" || os.Geteuid() != 0 {
		return os.Geteuid(), os.Getegid(), nil
	}
	account, err := user.Lookup(c.User)
	if err != nil {
		return 0, 0, fmt.Errorf("asterisk: %w", err)
	}
	if uid, err = strconv.Atoi(account.Uid); err == nil {
		gid, err = strconv.Atoi(account.Gid)
	}
	return uid, gid, err
}
