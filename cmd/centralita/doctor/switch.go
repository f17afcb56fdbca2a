package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"centralita/asterisk"
)

// The least that a busy small firm needs of the switch.
const (
	leastSessions = 1000
	leastRTPPorts = 400 // two per channel, two channels per call
)

func lookAsterisk(context.Context, Patient) Finding {
	const mend = "run `make setup` as root (asterisk/install.sh), or install Asterisk " + asterisk.MinimumVersion + " or later"
	root, err := asterisk.FindRoot()
	if err != nil {
		return failure(err.Error(), mend)
	}
	version, err := asterisk.Version(root)
	if err != nil {
		return failure(fmt.Sprintf("the one in %s does not run: %v", root, err), mend)
	}
	if !asterisk.NewEnough(version) {
		return failure(fmt.Sprintf("%s in %s is older than %s", version, root, asterisk.MinimumVersion), mend)
	}
	return good(version + " in " + root)
}

// setting reads the last value of name in one of the instance's files; ok is
// false when there is no such file yet.
func setting(p Patient, file, name string) (value string, ok bool, err error) {
	text, err := os.ReadFile(filepath.Join(p.Dir.Asterisk(), "etc", file))
	if errors.Is(err, fs.ErrNotExist) {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	found := regexp.MustCompile(`(?m)^\s*`+regexp.QuoteMeta(name)+`\s*=>?\s*(.*?)\s*$`).FindAllStringSubmatch(string(text), -1)
	if len(found) == 0 {
		return "", true, nil
	}
	return found[len(found)-1][1], true, nil
}

const (
	notYet   = "not configured yet; the first start does it"
	rerender = "start the instance again: the file is written anew at each start"
)

// lookSetting judges one setting of the instance's Asterisk.
func lookSetting(p Patient, file, name string, judge func(value string) error) Finding {
	value, exists, err := setting(p, file, name)
	switch {
	case err != nil:
		return failure(err.Error(), "make the data directory readable")
	case !exists:
		return good(notYet)
	}
	if err := judge(value); err != nil {
		return failure(fmt.Sprintf("%s: %s = %q: %v", file, name, value, err), rerender)
	}
	return good(name + " = " + value)
}

func lookSessionLimit(_ context.Context, p Patient) Finding {
	return lookSetting(p, "http.conf", "sessionlimit", func(v string) error {
		if n, err := strconv.Atoi(v); err != nil || n < leastSessions {
			return fmt.Errorf("softphones, event sockets and commands share it: %d at least", leastSessions)
		}
		return nil
	})
}

func lookIdentifierOrder(_ context.Context, p Patient) Finding {
	return lookSetting(p, "pjsip.conf", "endpoint_identifier_order", func(v string) error {
		if !strings.HasPrefix(v, "username") {
			return errors.New("by address first, a trunk swallows the softphones' registrations")
		}
		return nil
	})
}

func lookAudioPorts(_ context.Context, p Patient) Finding {
	first, exists, err := setting(p, "rtp.conf", "rtpstart")
	if err != nil || !exists {
		return lookSetting(p, "rtp.conf", "rtpstart", nil)
	}
	from, err := strconv.Atoi(first)
	if err != nil {
		return failure("rtpstart = "+first, rerender)
	}
	return lookSetting(p, "rtp.conf", "rtpend", func(v string) error {
		if to, err := strconv.Atoi(v); err != nil || to-from+1 < leastRTPPorts {
			return fmt.Errorf("from %d on that is too few: when the ports are used up, callers get 488", from)
		}
		return nil
	})
}

func lookRecordingDirs(_ context.Context, p Patient) Finding {
	if _, err := os.Stat(filepath.Join(p.Dir.Asterisk(), "etc")); errors.Is(err, fs.ErrNotExist) {
		return good(notYet)
	}
	for _, dir := range []string{"monitor", "recording"} {
		path := filepath.Join(p.Dir.Asterisk(), "spool", dir)
		if info, err := os.Stat(path); err != nil || !info.IsDir() {
			return failure(path+" is missing: Asterisk does not make it, and recording fails", rerender)
		}
	}
	return good("present")
}

func lookHostname(ctx context.Context, _ Patient) Finding {
	name, err := os.Hostname()
	if err != nil {
		return failure(err.Error(), "set a host name")
	}
	if _, err := new(net.Resolver).LookupHost(ctx, name); err != nil {
		return failure(fmt.Sprintf("%q does not resolve: Asterisk then stalls in steps of five seconds", name),
			"add the line `127.0.1.1 "+name+"` to /etc/hosts")
	}
	return good(name)
}
