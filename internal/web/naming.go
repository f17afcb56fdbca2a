package web

import (
	"path"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// namer names the schemas of the OpenAPI document after their Go types. When
// two rooms have a type of the same name, the one registered later is prefixed
// with its room: Phone and CallcenterPhone.
type namer struct {
	taken map[string]reflect.Type
}

func (n *namer) name(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	name := huma.DefaultSchemaNamer(t, hint)
	if t.Name() == "" {
		return name // an anonymous struct is named by its hint, which is its own
	}
	if other, ok := n.taken[name]; ok && other != t {
		name = roomOf(t) + name
	}
	n.taken[name] = t
	return name
}

// roomOf is the last element of t's package that says something.
func roomOf(t reflect.Type) string {
	pkg := t.PkgPath()
	if path.Base(pkg) == "api" {
		pkg = path.Dir(pkg)
	}
	base := path.Base(pkg)
	return strings.ToUpper(base[:1]) + base[1:]
}
