package webhook

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"centralita/internal/fault"
)

// errInside is why a connection is not made.
var errInside = errors.New("the address is not of the public internet")

// special are the networks that no webhook may be in, besides those that netip
// knows: of this host and network, of carriers, of documentation, of tests, and
// those of IPv6 that stand for an IPv4 address.
var special = prefixes("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15",
	"198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32",
	"2002::/16", "3fff::/20", "5f00::/16", "fec0::/10", "::/96")

func prefixes(texts ...string) []netip.Prefix {
	list := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		list[i] = netip.MustParsePrefix(text)
	}
	return list
}

// public reports whether an address is one of the public internet.
func public(a netip.Addr) bool {
	if a.Zone() != "" {
		return false
	}
	a = a.Unmap()
	if !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	for _, p := range special {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// guard is asked before every connection, when the name has become an address.
func guard(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %q", errInside, address)
	}
	if !public(at.Addr()) {
		return fmt.Errorf("%w: %s", errInside, at.Addr())
	}
	return nil
}

// newClient returns what posts deliveries: no proxy, no redirects, ten seconds,
// and no address inside unless local.
func newClient(local bool) *http.Client {
	dial := &net.Dialer{Timeout: 5 * time.Second}
	if !local {
		dial.Control = guard
	}
	return &http.Client{
		Timeout: timeLimit,
		Transport: &http.Transport{
			DialContext: dial.DialContext, TLSHandshakeTimeout: 5 * time.Second, ResponseHeaderTimeout: timeLimit,
			MaxResponseHeaderBytes: 16 << 10, IdleConnTimeout: 30 * time.Second, MaxIdleConnsPerHost: 2, ForceAttemptHTTP2: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func badURL(code, message string) error {
	return fault.New(fault.Invalid, code, message).WithField("body.url", message)
}

// checkURL returns raw as it is kept, or why no facts are sent there.
func checkURL(ctx context.Context, raw string, local bool) (string, error) {
	u, err := url.Parse(strings.TrimSpace(raw))
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "" || u.Opaque != "":
		return "", badURL("webhook_url_invalid", "This is no address.")
	case u.Scheme != "https" && (u.Scheme != "http" || !local):
		return "", badURL("webhook_url_insecure", "The address must begin with https://.")
	case u.User != nil || u.Fragment != "":
		return "", badURL("webhook_url_invalid", "The address must hold no user, password or fragment.")
	case local:
		return u.String(), nil
	}
	return u.String(), checkHost(ctx, u.Hostname())
}

// checkHost refuses names of which any address is inside.
func checkHost(ctx context.Context, host string) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil || len(found) == 0 {
		return badURL("webhook_url_unknown", "There is no such host.")
	}
	for _, a := range found {
		if !public(a) {
			return badURL("webhook_url_internal", "The address leads inside, where nothing is sent.")
		}
	}
	return nil
}
