package twiliosim

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
)

// SignatureHeader is where a webhook request carries its signature.
const SignatureHeader = "X-Twilio-Signature"

// Sign returns the signature of a form-encoded webhook request to target, the
// full URL with its query: HMAC-SHA1, keyed with the account's token, over the
// URL and every parameter's name and values in order of the names, in base64.
func Sign(token, target string, form url.Values) string {
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	slices.Sort(names)
	var text strings.Builder
	text.WriteString(target)
	for _, name := range names {
		for _, value := range form[name] {
			text.WriteString(name)
			text.WriteString(value)
		}
	}
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(text.String()))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
