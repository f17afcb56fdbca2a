package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"centralita/internal/e2e"
)

// public are the routes that need no session.
var public = []string{"POST /session", "GET /openapi.json", "POST /hooks/twilio/status", "POST /hooks/twilio/inbound"}

// raw are the routes that the document does not tell of: sockets and sound.
var raw = map[string]string{"GET /live": "signed_in", "GET /calls/1/audio": "recordings.play"}

// anybodys are the permissions of whoever is signed in.
var anybodys = []string{"", "signed_in", "personal"}

var parameter = regexp.MustCompile(`\{[^}]+\}`)

// rightsOfRoutes: without a session every route answers 401; with an operator's, those beyond his rights answer 403,
// whatever the request holds.
func rightsOfRoutes(t *testing.T, p *e2e.Product) {
	operator := p.As("operator")
	var me struct{ Permissions []string }
	p.Must(json.Unmarshal(operator.Ask("GET", "/session", nil).Body, &me))
	routes := documented(t, operator)
	for path, permission := range raw {
		routes[path] = permission
	}
	stranger := p.Stranger()
	refused, forbidden := 0, 0
	for route, permission := range routes {
		method, path, _ := strings.Cut(route, " ")
		body := map[string]any{}
		var in any = body
		if method == http.MethodGet || method == http.MethodDelete {
			in = nil
		}
		if permission != "" {
			if a := stranger.Ask(method, path, in); a.Status != http.StatusUnauthorized {
				t.Errorf("%s without a session: %s", route, a)
			}
			refused++
		} else if !slices.Contains(public, route) {
			t.Errorf("%s needs no session", route)
		}
		if slices.Contains(anybodys, permission) || slices.Contains(me.Permissions, permission) {
			continue
		}
		if a := operator.Ask(method, path, in); a.Status != http.StatusForbidden {
			t.Errorf("%s (%s) by an operator: %s", route, permission, a)
		}
		forbidden++
	}
	t.Logf("%d routes refused to strangers, %d to an operator", refused, forbidden)
	if refused < 40 || forbidden < 8 {
		t.Errorf("%d and %d routes: does this test still see them?", refused, forbidden)
	}
}

// documented returns the permission of every route of the API's document.
func documented(t *testing.T, u *e2e.Person) map[string]string {
	t.Helper()
	doc := e2e.Get[struct {
		Paths map[string]map[string]struct {
			Permission string `json:"x-permission"`
		}
	}](u, "/openapi.json")
	routes := map[string]string{}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			routes[fmt.Sprintf("%s %s", strings.ToUpper(method), parameter.ReplaceAllString(path, "1"))] = op.Permission
		}
	}
	return routes
}
