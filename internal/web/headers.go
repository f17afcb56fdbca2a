package web

import "net/http"

// Header values are made once: they go out with every reply.
var (
	noSniff     = []string{"nosniff"}
	noStore     = []string{"no-store"}
	sameOrigin  = []string{"same-origin"}
	apiCSP      = []string{"default-src 'none'; frame-ancestors 'none'; sandbox"}
	permissions = []string{"microphone=(self), speaker-selection=(self), autoplay=(self), camera=(), geolocation=(), payment=(), usb=()"}
	transport   = []string{"max-age=31536000"}
	// appCSP: scripts only of our own; the kit sets inline styles; recordings
	// and ring tones play from blobs; sockets go to our own origin.
	appCSP = []string{"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; " +
		"font-src 'self' data:; media-src 'self' blob: data:; connect-src 'self'; worker-src 'self' blob:; manifest-src 'self'; " +
		"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"}
)

func (s *Server) setHeaders(h http.Header, info *Request, api bool) {
	h["X-Request-Id"] = []string{info.ID}
	h["X-Content-Type-Options"] = noSniff
	h["Referrer-Policy"] = sameOrigin
	h["Cross-Origin-Resource-Policy"] = sameOrigin
	if info.Secure {
		h["Strict-Transport-Security"] = transport
	}
	if api {
		h["Cache-Control"] = noStore
		h["Content-Security-Policy"] = apiCSP
		return
	}
	h["Content-Security-Policy"] = appCSP
	h["Permissions-Policy"] = permissions
	h["Cross-Origin-Opener-Policy"] = sameOrigin
}
