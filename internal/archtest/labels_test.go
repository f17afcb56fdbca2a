package archtest

import (
	"encoding/json"
	"go/ast"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"
)

var actionShape = regexp.MustCompile(`^[a-z][a-z_]*(\.[a-z_]+)*$`)

// TestEveryDeedHasAName: what is written into the log can be read on its page, in words.
func TestEveryDeedHasAName(t *testing.T) {
	actions := map[string]string{}
	takes := map[string][]int{"Record": {1}, "RecordMany": {1}, "Clause": {1}, "Look": {1}, "Looking": {1}}
	each := func(fn func(s source, n ast.Node)) {
		for _, s := range sources(t) {
			if !s.test {
				ast.Inspect(s.file, func(n ast.Node) bool { fn(s, n); return true })
			}
		}
	}
	each(func(s source, n ast.Node) {
		if f, ok := n.(*ast.FuncDecl); ok {
			if at := placeOf(f.Type.Params, "action"); at >= 0 {
				takes[s.dir+"."+f.Name.Name] = []int{at}
			}
		}
	})
	each(func(s source, n ast.Node) {
		switch n := n.(type) {
		case *ast.CallExpr:
			callee := calleeOf(n)
			for _, at := range slices.Concat(takes[callee], takes[s.dir+"."+callee]) {
				if at < len(n.Args) {
					literals(n.Args[at], func(word string) { actions[word] = s.line(n) })
				}
			}
		case *ast.AssignStmt:
			for i, to := range n.Lhs {
				if id, ok := to.(*ast.Ident); ok && id.Name == "action" && i < len(n.Rhs) {
					literals(n.Rhs[i], func(word string) { actions[word] = s.line(n) })
				}
			}
		}
	})
	named := messages(t)
	for _, action := range slices.Sorted(maps.Keys(actions)) {
		if named["audit.action."+action] == "" {
			t.Errorf("%s: the log's page has no name for %q", actions[action], action)
		}
	}
	if len(actions) < 100 {
		t.Errorf("only %d actions found: does this test still see them?", len(actions))
	}
}

// placeOf returns where a parameter stands, -1 when there is none of that name.
func placeOf(params *ast.FieldList, name string) int {
	at := 0
	for _, p := range params.List {
		for _, n := range p.Names {
			if n.Name == name {
				return at
			}
			at++
		}
		if len(p.Names) == 0 {
			at++
		}
	}
	return -1
}

func calleeOf(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}

// literals calls fn with every text in an expression that can be an action.
func literals(e ast.Expr, fn func(word string)) {
	ast.Inspect(e, func(n ast.Node) bool {
		if _, call := n.(*ast.CallExpr); call {
			return false
		}
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if word, err := strconv.Unquote(lit.Value); err == nil && actionShape.MatchString(word) {
				fn(word)
			}
		}
		return true
	})
}

func messages(t *testing.T) (texts map[string]string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "frontend", "src", "lib", "messages", "en.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &texts); err != nil {
		t.Fatal(err)
	}
	return texts
}
