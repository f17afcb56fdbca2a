package web

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io/fs"
	"log/slog"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"

	"centralita/internal/fault"
)

// worthPacking is the least size, in bytes, that is compressed.
const worthPacking = 1400

// packer compresses each file of the app once, when it is first asked for.
type packer struct {
	app    fs.FS
	packed sync.Map // name to *[]byte; nil: not worth it
}

var immutable = []string{"public, max-age=31536000, immutable"}

// staticHandler serves the built app: hashed files under /assets/ for ever,
// every other file fresh, and index.html for any path that is a screen of the
// app. Nil without an app.
func (s *Server) staticHandler() http.HandlerFunc {
	app := s.opts.Static
	if app == nil {
		return nil
	}
	files := &packer{app: app}
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			writeProblem(w, newProblem(r.Context(), http.StatusMethodNotAllowed, "method_not_allowed", "This address does not take that method."))
			return
		}
		name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
		if !isFile(app, name) {
			if path.Ext(name) != "" && strings.HasPrefix(name, "assets/") {
				s.writeError(w, r, fault.New(fault.NotFound, "not_found", "There is nothing here."))
				return
			}
			name = "index.html"
		}
		w.Header()["Cache-Control"] = []string{"no-cache"}
		if strings.HasPrefix(name, "assets/") {
			w.Header()["Cache-Control"] = immutable
		}
		if err := files.serve(w, r, name); err != nil {
			s.writeError(w, r, err)
		}
	}
}

func isFile(app fs.FS, name string) bool {
	info, err := fs.Stat(app, name)
	return err == nil && info.Mode().IsRegular()
}

// serve sends name, compressed if that is worth it and r takes it.
func (p *packer) serve(w http.ResponseWriter, r *http.Request, name string) error {
	h := w.Header()
	kind := mime.TypeByExtension(path.Ext(name))
	if kind == "" {
		kind = "application/octet-stream"
	}
	h.Set("Content-Type", kind)
	h.Set("Vary", "Accept-Encoding")
	body, err := fs.ReadFile(p.app, name)
	if errors.Is(err, fs.ErrNotExist) {
		return fault.Wrap(err, fault.NotFound, "not_found", "There is nothing here.")
	}
	if err != nil {
		return err
	}
	if packed := p.pack(name, kind, body); packed != nil && acceptsGzip(r) {
		h.Set("Content-Encoding", "gzip")
		body = packed
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return nil
	}
	if _, err := w.Write(body); err != nil {
		slog.Debug("file not delivered", "error", err)
	}
	return nil
}

// pack returns body compressed, or nil when that is not worth it.
func (p *packer) pack(name, kind string, body []byte) []byte {
	if known, ok := p.packed.Load(name); ok {
		packed, _ := known.([]byte)
		return packed
	}
	var packed []byte
	if len(body) >= worthPacking && compressible(kind) {
		var out bytes.Buffer
		z := gzip.NewWriter(&out)
		_, err := z.Write(body)
		if err = errors.Join(err, z.Close()); err == nil && out.Len() < len(body) {
			packed = out.Bytes()
		}
	}
	p.packed.Store(name, packed)
	return packed
}

func compressible(kind string) bool {
	kind, _, _ = strings.Cut(kind, ";")
	return strings.HasPrefix(kind, "text/") || strings.HasSuffix(kind, "javascript") || strings.HasSuffix(kind, "json") || strings.HasSuffix(kind, "+xml")
}

func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(name, "gzip") && strings.TrimSpace(q) != "q=0" {
			return true
		}
	}
	return false
}
