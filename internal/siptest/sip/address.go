package sip

import (
	"crypto/rand"
	"encoding/hex"
	"net/netip"
	"net/url"
	"strings"
)

// Param returns a header parameter (";name=value", outside of <…>), "" when
// there is none.
func Param(value, name string) string {
	if end := strings.LastIndexByte(value, '>'); end >= 0 {
		value = value[end+1:]
	}
	for part := range strings.SplitSeq(value, ";") {
		key, v, _ := strings.Cut(part, "=")
		if strings.EqualFold(strings.TrimSpace(key), name) {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// URI returns the URI of an address header ("Name" <uri>;params or uri;params).
func URI(value string) string {
	if end := strings.LastIndexByte(value, '>'); end >= 0 {
		if start := strings.LastIndexByte(value[:end], '<'); start >= 0 {
			return value[start+1 : end]
		}
	}
	uri, _, _ := strings.Cut(value, ";")
	return strings.TrimSpace(uri)
}

// User returns the user part of a URI, percent-decoded where that is possible.
func User(uri string) string {
	_, rest, _ := strings.Cut(uri, ":")
	user, _, found := strings.Cut(rest, "@")
	if !found {
		return ""
	}
	user, _, _ = strings.Cut(user, ";")
	if decoded, err := url.PathUnescape(user); err == nil {
		return decoded
	}
	return user
}

// Display returns the display name of an address header, unquoted.
func Display(value string) string {
	start := strings.LastIndexByte(value, '<')
	if start < 0 {
		return ""
	}
	name := strings.TrimSpace(value[:start])
	if len(name) >= 2 && name[0] == '"' && name[len(name)-1] == '"' {
		name = strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(name[1 : len(name)-1])
	}
	return name
}

// Quote returns a display name as a quoted string.
func Quote(name string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
}

// HostPort returns the address of a URI whose host is an IPv4 address; the port
// is 5060 when the URI has none.
func HostPort(uri string) (netip.AddrPort, bool) {
	_, rest, _ := strings.Cut(uri, ":")
	if _, host, found := strings.Cut(rest, "@"); found {
		rest = host
	}
	rest, _, _ = strings.Cut(rest, ";")
	if !strings.Contains(rest, ":") {
		rest += ":5060"
	}
	addr, err := netip.ParseAddrPort(rest)
	return addr, err == nil
}

// Token returns a fresh random token for tags, branches and Call-IDs.
func Token() string {
	var raw [8]byte
	rand.Read(raw[:]) // never fails: it ends the process instead
	return hex.EncodeToString(raw[:])
}
