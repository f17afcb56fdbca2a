package archtest

import (
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// ceiling is the longest that a file may be: more is not one thing any more.
const ceiling = 500

// callRule bans a call, written pkg.Name as in the source. (The property test of
// package phone discards impossible numbers by rapid's method of that name.)
type callRule struct {
	call   string
	tests  bool // in tests, too
	except []string
	why    string
}

var callRules = []callRule{
	{"time.Sleep", true, nil, "wait for the event, or poll with a deadline"},
	{"t.Skip", true, []string{"internal/phone/property_test.go"}, "what a test needs is there, or the test fails"},
	{"t.Skipf", true, nil, "what a test needs is there, or the test fails"},
	{"t.SkipNow", true, nil, "what a test needs is there, or the test fails"},
	{"tb.Skip", true, nil, "what a test needs is there, or the test fails"},
	{"os.Exit", false, []string{"cmd/centralita/main.go", "cmd/bench/main.go"}, "only main ends the process, so that everything is closed in order"},
	{"context.TO" + "DO", true, nil, "pass the caller's context on"},
	{"http.Get", false, nil, "no request without a context and a time limit"},
	{"http.Post", false, nil, "no request without a context and a time limit"},
}

func TestNoBannedCalls(t *testing.T) {
	for _, s := range sources(t) {
		ast.Inspect(s.file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			base, ok := sel.X.(*ast.Ident)
			if !ok {
				return true
			}
			for _, r := range callRules {
				if base.Name+"."+sel.Sel.Name == r.call && (r.tests || !s.test) && !withinAny(s.path, r.except) {
					t.Errorf("%s: %s: %s", s.line(call), r.call, r.why)
				}
			}
			return true
		})
	}
}

// TestEveryRouteDeclaresItsRight finds routes before they run; web refuses them
// at start as well.
func TestEveryRouteDeclaresItsRight(t *testing.T) {
	routes := 0
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			lit, ok := n.(*ast.CompositeLit)
			if !ok || !isOp(lit.Type) || len(lit.Elts) == 0 {
				return true
			}
			routes++
			for _, e := range lit.Elts {
				if kv, ok := e.(*ast.KeyValueExpr); ok {
					if key, ok := kv.Key.(*ast.Ident); ok && key.Name == "Permission" {
						return true
					}
				}
			}
			t.Errorf("%s: a route without Permission", s.line(lit))
			return true
		})
	}
	if routes < 10 {
		t.Errorf("only %d routes found: does this test still see them?", routes)
	}
}

func isOp(expr ast.Expr) bool {
	switch e := expr.(type) {
	case *ast.SelectorExpr:
		base, ok := e.X.(*ast.Ident)
		return ok && base.Name == "web" && e.Sel.Name == "Op"
	case *ast.Ident:
		return e.Name == "Op"
	}
	return false
}

func TestFilesStaySmallAndFinished(t *testing.T) {
	left := regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME)\b`)
	walk(t, func(path string) {
		switch filepath.Ext(path) {
		case ".go", ".ts", ".tsx", ".sh", ".sql":
		default:
			return
		}
		if strings.HasSuffix(path, ".d.ts") {
			return // generated
		}
		text, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(text), "\n"); n > ceiling {
			t.Errorf("%s has %d lines, %d is the ceiling", path, n, ceiling)
		}
		if at := left.FindIndex(text); at != nil {
			t.Errorf("%s: unfinished: %q", path, text[at[0]:min(len(text), at[0]+60)])
		}
	})
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	told := map[string]bool{}
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		told[s.dir] = told[s.dir] || s.file.Doc != nil && len(s.file.Doc.Text()) > 40
		switch s.file.Name.Name {
		case "util", "utils", "common", "models", "helpers", "helper", "misc", "shared":
			t.Errorf("%s: package %s says nothing about what it does", s.path, s.file.Name.Name)
		}
	}
	for dir, ok := range told {
		if !ok {
			t.Errorf("%s has no package comment: what it owns, in what order, what it never knows", dir)
		}
	}
}

// wide names the interfaces that may have more than five methods.
var wide = map[string]string{}

// TestInterfacesAreSmall keeps ports narrow.
func TestInterfacesAreSmall(t *testing.T) {
	const most = 5
	for _, s := range sources(t) {
		for _, decl := range s.file.Decls {
			gen, ok := decl.(*ast.GenDecl)
			if !ok || gen.Tok != token.TYPE {
				continue
			}
			for _, spec := range gen.Specs {
				ts, ok := spec.(*ast.TypeSpec)
				if !ok {
					continue
				}
				it, ok := ts.Type.(*ast.InterfaceType)
				if ok && it.Methods.NumFields() > most && wide[s.dir+"."+ts.Name.Name] == "" {
					t.Errorf("%s: interface %s has %d methods, %d is enough for a port", s.line(ts), ts.Name.Name, it.Methods.NumFields(), most)
				}
			}
		}
	}
}
