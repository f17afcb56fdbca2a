package callcenter

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
)

// TestEveryWishTravels: what Allowed knows as a wish can be asked for at any server.
func TestEveryWishTravels(t *testing.T) {
	var known []string
	for _, w := range wishes {
		packed, err := PackWish(w)
		if err != nil {
			t.Fatal(err)
		}
		back, err := packed.Unpack()
		if err != nil || !reflect.DeepEqual(back, w) {
			t.Errorf("%T came back as %#v, %v", w, back, err)
		}
		known = append(known, packed.Kind)
	}
	for _, name := range allowed(t) {
		if !slices.Contains(known, name) {
			t.Errorf("wish %s cannot travel between servers: wishes does not name it", name)
		}
	}
	want := Digits{UserID: 7, Digits: "12#"}
	packed, _ := PackWish(want)
	if got, err := packed.Unpack(); err != nil || got != Event(want) {
		t.Errorf("%#v, %v", got, err)
	}
	if _, err := PackWish(LegGone{}); err == nil {
		t.Error("an event of the switch is nobody's wish")
	}
	if _, err := (Wish{Kind: "LegGone", Of: []byte("{}")}).Unpack(); err == nil {
		t.Error("an event of the switch was unpacked")
	}
}

// allowed returns the events that the type switch of Allowed names.
func allowed(t *testing.T) (names []string) {
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range sources {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Name.Name != "Allowed" {
				continue
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if c, ok := n.(*ast.CaseClause); ok {
					for _, e := range c.List {
						if id, ok := e.(*ast.Ident); ok {
							names = append(names, id.Name)
						}
					}
				}
				return true
			})
		}
	}
	if len(names) < 5 {
		t.Fatalf("Allowed names only %v", names)
	}
	return names
}
