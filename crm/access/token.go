package access

import (
	"crypto/sha256"
	"slices"
	"strings"

	"centralita/internal/web"
)

// tokenPrefix tells API tokens from everything else, for people and for
// scanners of leaked secrets.
const tokenPrefix = "ctl_"

// newAPIToken returns a token for a program, and what the database keeps of it.
func newAPIToken() (token string, hash [32]byte) {
	secret, _ := newToken()
	token = tokenPrefix + secret
	return token, sumOf(token)
}

// sumOf is what the database keeps of a secret of many random bits.
func sumOf(secret string) [32]byte { return sha256.Sum256([]byte(strings.TrimSpace(secret))) }

// narrow leaves of g what a token of these scopes gives. A verb on a kind of
// record needs a scope that names it; where none does (notes, files), the one
// that names the verb on clients.
func (g Grants) narrow(scopes []web.Permission) Grants {
	out := Grants{Records: map[Entity]map[Verb]Scope{}, Fields: g.Fields}
	for _, p := range g.Rights {
		if slices.Contains(scopes, p) {
			out.Rights = append(out.Rights, p)
		}
	}
	for e, verbs := range g.Records {
		out.Records[e] = map[Verb]Scope{}
		for v, s := range verbs {
			if named(scopes, need{e, v}) {
				out.Records[e][v] = s
			}
		}
	}
	return out
}

func named(scopes []web.Permission, n need) bool {
	known := false
	for p, needs := range recordRights {
		if slices.Contains(needs, n) {
			known = true
			if slices.Contains(scopes, p) {
				return true
			}
		}
	}
	return !known && n.entity != Client && named(scopes, need{Client, n.verb})
}
