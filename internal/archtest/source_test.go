package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// module is this module's path.
const module = "centralita"

// source is one Go file of the repository.
type source struct {
	path  string // relative to the root, with slashes
	dir   string
	test  bool
	lines int
	fset  *token.FileSet
	file  *ast.File
}

// imports returns the paths that s imports.
func (s source) imports() []string {
	var paths []string
	for _, spec := range s.file.Imports {
		paths = append(paths, strings.Trim(spec.Path.Value, `"`))
	}
	return paths
}

// line returns where node stands, as path:line.
func (s source) line(node ast.Node) string {
	return s.fset.Position(node.Pos()).String()
}

// root is the repository, two directories above this package.
const root = "../.."

// walk calls fn with every file of the repository that is not generated,
// downloaded or built, by its path from the root.
func walk(t *testing.T, fn func(path string)) {
	t.Helper()
	skipped := []string{".git", "node_modules", "dist", "bin", "test-results"}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if slices.Contains(skipped, d.Name()) {
				return filepath.SkipDir
			}
			return nil
		}
		rel, err := filepath.Rel(root, path)
		if err == nil {
			fn(filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// parsed keeps what sources has read: the tests of this package run one after
// the other.
var parsed []source

// sources parses all Go files.
func sources(t *testing.T) []source {
	t.Helper()
	if parsed != nil {
		return parsed
	}
	var all []source
	walk(t, func(path string) {
		if !strings.HasSuffix(path, ".go") {
			return
		}
		text, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			t.Fatal(err)
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, path, text, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, source{
			path: path, dir: filepath.ToSlash(filepath.Dir(path)), test: strings.HasSuffix(path, "_test.go"),
			lines: strings.Count(string(text), "\n"), fset: fset, file: file,
		})
	})
	if len(all) < 50 {
		t.Fatalf("only %d files found", len(all))
	}
	parsed = all
	return all
}

// within reports whether path is dir or below it; dir "a/b$" means a/b alone.
func within(path, dir string) bool {
	if exact, ok := strings.CutSuffix(dir, "$"); ok {
		return path == exact
	}
	return path == dir || strings.HasPrefix(path, dir+"/")
}

func withinAny(path string, dirs []string) bool {
	return slices.ContainsFunc(dirs, func(dir string) bool { return within(path, dir) })
}
