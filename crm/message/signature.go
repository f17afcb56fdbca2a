package message

import (
	"io"
	"mime"
	"net/http"
	"net/url"

	"github.com/twilio/twilio-go/client"

	"centralita/internal/fault"
)

// Paths of the webhooks below Options.WebhookURL, and below the router's prefix.
const (
	hookPath    = "/hooks/twilio"
	statusPath  = "/api" + hookPath + "/status"
	inboundPath = "/api" + hookPath + "/inbound"
)

// maxHook bounds a webhook's body, in bytes.
const maxHook = 64 << 10

// errForged says nothing of what was wrong.
var errForged = fault.New(fault.Forbidden, "signature_invalid", "The signature is not valid.")

// verified returns the parameters of a webhook request that the provider signed
// for path. The signature is checked against the configured public URL, never
// against what the request says of its host. Each parameter must come once:
// what is read must be what was signed. A body that is no form is refused, even
// when the URL carries a signed hash of it.
func (s *Service) verified(r *http.Request, path string) (form, query url.Values, err error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, nil, errForged
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxHook))
	if err != nil {
		return nil, nil, fault.Wrap(err, fault.Invalid, "too_large", "The request is too large.")
	}
	query, err = single(r.URL.RawQuery)
	if err != nil || query.Has("bodySHA256") {
		return nil, nil, errForged
	}
	if form, err = single(string(body)); err != nil {
		return nil, nil, errForged
	}
	signatures := r.Header.Values("X-Twilio-Signature")
	if len(signatures) != 1 || signatures[0] == "" || !s.Configured() || s.opts.WebhookURL == "" {
		return nil, nil, errForged
	}
	target := s.opts.WebhookURL + path
	if r.URL.RawQuery != "" {
		target += "?" + r.URL.RawQuery
	}
	params := make(map[string]string, len(form))
	for name := range form {
		params[name] = form.Get(name)
	}
	validator := client.NewRequestValidator(s.opts.AuthToken)
	if !validator.Validate(target, params, signatures[0]) || form.Get("AccountSid") != s.opts.AccountSID {
		return nil, nil, errForged
	}
	return form, query, nil
}

// single parses a form in which every name comes once.
func single(encoded string) (url.Values, error) {
	values, err := url.ParseQuery(encoded)
	if err != nil {
		return nil, err
	}
	for _, v := range values {
		if len(v) != 1 {
			return nil, errForged
		}
	}
	return values, nil
}
