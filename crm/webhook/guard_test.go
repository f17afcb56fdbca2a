package webhook_test

import (
	"net/netip"
	"testing"

	"centralita/crm/webhook"
	"centralita/internal/fault"
)

func TestAddressesInside(t *testing.T) {
	for text, want := range map[string]bool{
		"8.8.8.8": true, "93.184.216.34": true, "172.15.0.1": true, "172.32.0.1": true, "100.63.0.1": true, "2606:4700::1111": true, "::ffff:8.8.8.8": true,
		"127.0.0.1": false, "127.9.9.9": false, "0.0.0.0": false, "0.1.2.3": false, "10.0.0.1": false, "172.16.0.1": false, "172.31.255.255": false,
		"192.168.1.1": false, "169.254.169.254": false, "100.64.0.1": false, "100.100.100.200": false, "192.0.0.192": false, "198.18.0.1": false,
		"224.0.0.1": false, "240.0.0.1": false, "255.255.255.255": false, "192.0.2.1": false, "203.0.113.7": false,
		"::": false, "::1": false, "fe80::1": false, "fe80::1%eth0": false, "fc00::1": false, "fd00:ec2::254": false, "ff02::1": false,
		"::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "::127.0.0.1": false, "64:ff9b::7f00:1": false, "64:ff9b:1::1": false,
		"2002:7f00:1::": false, "2001::1": false, "2001:db8::1": false, "fec0::1": false, "2606:4700::1%1": false,
	} {
		if got := webhook.Public(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: public %v", text, got)
		}
	}
	for address, refused := range map[string]bool{
		"8.8.8.8:443": false, "[2606:4700::1111]:443": false, "127.0.0.1:443": true, "[::1]:80": true, "[fe80::1%lo]:80": true, "nonsense": true,
	} {
		if err := webhook.Guard(address); (err != nil) != refused {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestAddressesAsWritten(t *testing.T) {
	for raw, code := range map[string]string{
		"":                              "webhook_url_invalid",
		"https://":                      "webhook_url_invalid",
		"https:host":                    "webhook_url_invalid",
		"http://8.8.8.8/":               "webhook_url_insecure",
		"ftp://8.8.8.8/":                "webhook_url_insecure",
		"file:///etc/passwd":            "webhook_url_invalid",
		"https://a:b@8.8.8.8/":          "webhook_url_invalid",
		"https://8.8.8.8/#x":            "webhook_url_invalid",
		"https://127.0.0.1/":            "webhook_url_internal",
		"https://127.0.0.1:8443/x":      "webhook_url_internal",
		"https://localhost/":            "webhook_url_internal",
		"https://[::1]/":                "webhook_url_internal",
		"https://[::ffff:10.0.0.1]/":    "webhook_url_internal",
		"https://169.254.169.254/meta":  "webhook_url_internal",
		"https://no-such-host.invalid/": "webhook_url_unknown",
		"https://8.8.8.8/hook?key=1":    "",
	} {
		if err := webhook.CheckURL(t.Context(), raw, false); (err == nil) != (code == "") || err != nil && fault.CodeOf(err) != code {
			t.Errorf("%q: %v", raw, err)
		}
	}
	if err := webhook.CheckURL(t.Context(), "http://127.0.0.1:1/", true); err != nil {
		t.Errorf("for development: %v", err)
	}
}
