package archtest

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// fence says what the packages at and below a place may import of this module.
type fence struct {
	place string // the longest matching place decides; "$" at the end: that package alone
	may   []string
	why   string
}

// fences is the import table of ARCHITECTURE.md.
var fences = []fence{
	{"callcenter$", nil, "the call is pure rules on the standard library: everything else points at it"},
	{"callcenter/routing", []string{"callcenter$"}, "who answers is a pure function of the call room's own words"},
	{"callcenter", []string{"callcenter", "asterisk/ari", "asterisk/cel", "internal"}, "the call room knows no client base: it declares what it needs, joined in cmd/centralita"},
	{"realtime", []string{"realtime", "internal"}, "the line to the browser carries bytes and knows no room"},
	{"asterisk", []string{"asterisk", "internal"}, "the switch knows nothing of what a call means"},
	{"internal", []string{"internal"}, "plumbing has no opinion and knows no room"},
	{"internal/e2e", []string{""}, "end-to-end tests see the whole"},
	{"crm", []string{"internal", "crm", "realtime$"}, "the client base knows no switch and no call: joined in cmd/centralita"},
	{"frontend", nil, "only carries the built app"},
	{"cmd", []string{""}, "wiring joins everything"},
	{"deploy", nil, "scripts, and the tests of them"},
}

// modules lists the client base from the ground up: a module may import those
// before it, never those after it, so no circle can form.
var modules = []string{
	"access",
	"audit",
	"once",
	"webhook",
	"queue",
	"line",
	"desk",
	"field",
	"client",
	"view",
	"segment",
	"bulk",
	"file",
	"lead",
	"message",
	"reminder",
	"merge",
	"exchange",
	"demo",
}

// homes says where an outside library may be imported, tests apart.
var homes = []struct {
	library string
	at      []string
	why     string
}{
	{"github.com/gin-gonic/gin", []string{"internal/web"}, "the router can be exchanged at one place"},
	{"github.com/danielgtaylor/huma", []string{"internal/web"}, "a handler is typed in, typed out, and knows no framework"},
	{"github.com/jackc/pgx", []string{"internal/postgres", "internal/jobs", "internal/e2e", "callcenter/store", "realtime/store", "cmd", "crm"}, "SQL is in stores (in the client base: see knowsNoSQL)"},
	{"github.com/gorilla/websocket", []string{"realtime/ws", "asterisk/ari", "cmd/bench", "internal/e2e"}, "two sockets, two homes"},
	{"github.com/riverqueue/river", []string{"internal/jobs", "internal/postgres"}, "modules bring jobs and workers, not a queue"},
	{"github.com/redis/go-redis", []string{"realtime/redisbus", "cmd/centralita"}, "nothing true lives only in Redis"},
	{"github.com/CyCoreSystems/ari", []string{"asterisk/ari"}, "its connection and its bus are not safe: one package makes it so"},
	{"github.com/gabriel-vasile/mimetype", []string{"crm/file"}, "what a file is, is told at one place"},
	{"github.com/xuri/excelize", []string{"crm/exchange/sheet"}, "one package reads and writes what spreadsheets are"},
	{"github.com/twilio/twilio-go", []string{"crm/message"}, "one room sends SMS"},
	{"github.com/pquerna/otp", []string{"crm/access"}, "second factors are the room of users"},
	{"github.com/pressly/goose", []string{"internal/postgres"}, "migrations have one owner"},
	{"github.com/expr-lang/expr", []string{"crm/field"}, "one language of formulas, with its budgets in one place"},
	{"github.com/coreos/go-systemd", []string{"internal/supervise"}, "who keeps a process running is one package's business"},
	{"github.com/caarlos0/env", []string{"internal/config"}, "the environment is read once, at start"},
}

// knowsNoSQL are the files of the client base that speak to the outside.
var knowsNoSQL = regexp.MustCompile(`/(api|jobs)[a-z_]*\.go$`)

// banned may be imported nowhere.
var banned = map[string]string{
	"github.com/stretchr/testify": "one way to write tests: the standard library and go-cmp",
	"math/rand":                   "math/rand/v2, or crypto/rand for what must not be guessed",
	"log":                         "log/slog",
	"io/ioutil":                   "os and io",
}

func fenceOf(dir string) (fence, bool) {
	best, found := fence{}, false
	for _, f := range fences {
		if within(dir, f.place) && (!found || len(f.place) > len(best.place)) {
			best, found = f, true
		}
	}
	return best, found
}

func TestRoomsImportOnlyWhatTheyMay(t *testing.T) {
	for _, s := range sources(t) {
		f, known := fenceOf(s.dir)
		if !known {
			t.Errorf("%s: no fence for this place; add it to the table with its reason", s.path)
			continue
		}
		if s.test {
			continue // tests may use test beds of any room
		}
		for _, path := range s.imports() {
			inner, ours := strings.CutPrefix(path, module+"/")
			if ours && !slices.Contains(f.may, "") && !withinAny(inner, f.may) {
				t.Errorf("%s imports %s: %s", s.path, path, f.why)
			}
		}
	}
}

func TestModulesOfTheClientBaseFormNoCircle(t *testing.T) {
	rank := func(dir string) int {
		name, _, _ := strings.Cut(strings.TrimPrefix(dir, "crm/"), "/")
		return slices.Index(modules, name)
	}
	for _, s := range sources(t) {
		if !strings.HasPrefix(s.dir, "crm/") || s.test {
			continue
		}
		own := rank(s.dir)
		if own < 0 {
			t.Errorf("%s: the module has no place in the order of modules", s.path)
		}
		for _, path := range s.imports() {
			inner, ours := strings.CutPrefix(path, module+"/crm/")
			if ours && rank("crm/"+inner) > own {
				t.Errorf("%s imports %s, which stands above it", s.path, path)
			}
		}
	}
}

func TestLibrariesStayAtHome(t *testing.T) {
	for _, s := range sources(t) {
		for _, path := range s.imports() {
			if why, no := banned[path]; no && !within(s.dir, "internal/e2e/phones") { // a little program of the tests' own
				t.Errorf("%s imports %s: %s", s.path, path, why)
			}
			if s.test {
				continue
			}
			for _, h := range homes {
				if within(path, h.library) && !withinAny(s.dir, h.at) {
					t.Errorf("%s imports %s: %s", s.path, path, h.why)
				}
			}
			if within(path, "github.com/jackc/pgx") && strings.HasPrefix(s.dir, "crm/") && knowsNoSQL.MatchString(s.path) {
				t.Errorf("%s imports %s: handlers and errands ask the store", s.path, path)
			}
		}
	}
}
