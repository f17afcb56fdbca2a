package sip

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// Authorize answers the challenge of a 401 or 407 response to a request: it
// returns the header (Authorization or Proxy-Authorization) to send with the
// repeated request. Known are MD5 and SHA-256, with qop=auth and without.
func Authorize(challenge *Message, method, uri, user, password string) (Header, error) {
	in, out := "WWW-Authenticate", "Authorization"
	if challenge.Status == 407 {
		in, out = "Proxy-Authenticate", "Proxy-Authorization"
	}
	for _, h := range challenge.Headers {
		if !strings.EqualFold(h.Name, in) {
			continue
		}
		if value, ok := digest(challengeParams(h.Value), method, uri, user, password); ok {
			return Header{out, value}, nil
		}
	}
	return Header{}, fmt.Errorf("no digest challenge that we know in the %d", challenge.Status)
}

func digest(p map[string]string, method, uri, user, password string) (string, bool) {
	var hash func(string) string
	switch strings.ToUpper(p["algorithm"]) {
	case "", "MD5":
		hash = func(s string) string { sum := md5.Sum([]byte(s)); return hex.EncodeToString(sum[:]) }
	case "SHA-256":
		hash = func(s string) string { sum := sha256.Sum256([]byte(s)); return hex.EncodeToString(sum[:]) }
	default:
		return "", false
	}
	secret := hash(user + ":" + p["realm"] + ":" + password)
	asked := hash(method + ":" + uri)
	value := fmt.Sprintf(`Digest username="%s", realm="%s", nonce="%s", uri="%s"`, user, p["realm"], p["nonce"], uri)
	if strings.Contains(p["qop"], "auth") {
		fresh := Token()
		response := hash(strings.Join([]string{secret, p["nonce"], "00000001", fresh, "auth", asked}, ":"))
		value += fmt.Sprintf(`, qop=auth, nc=00000001, cnonce="%s", response="%s"`, fresh, response)
	} else {
		value += fmt.Sprintf(`, response="%s"`, hash(secret+":"+p["nonce"]+":"+asked))
	}
	if p["opaque"] != "" {
		value += fmt.Sprintf(`, opaque="%s"`, p["opaque"])
	}
	if p["algorithm"] != "" {
		value += ", algorithm=" + p["algorithm"]
	}
	return value, true
}

// challengeParams splits `Digest a="x", b=y`; commas inside quotes stay.
func challengeParams(value string) map[string]string {
	_, rest, _ := strings.Cut(strings.TrimSpace(value), " ")
	out := map[string]string{}
	for rest != "" {
		name, after, found := strings.Cut(rest, "=")
		if !found {
			break
		}
		var v string
		if quoted, isQuoted := strings.CutPrefix(after, `"`); isQuoted {
			v, rest, _ = strings.Cut(quoted, `"`)
			_, rest, _ = strings.Cut(rest, ",")
		} else {
			v, rest, _ = strings.Cut(after, ",")
		}
		out[strings.ToLower(strings.TrimSpace(name))] = strings.TrimSpace(v)
	}
	return out
}
