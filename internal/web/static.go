package web

import (
	"errors"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"

	"centralita/internal/fault"
)

// encodings are the precompressed variants that a build may hold, best first.
var encodings = []struct{ name, suffix string }{{"br", ".br"}, {"gzip", ".gz"}}

var immutable = []string{"public, max-age=31536000, immutable"}

// staticHandler serves the built app: hashed files under /assets/ for ever,
// every other file fresh, and index.html for any path that is a screen of the
// app. Nil without an app.
func (s *Server) staticHandler() http.HandlerFunc {
	app := s.opts.Static
	if app == nil {
		return nil
	}
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
		if err := serveFile(w, r, app, name); err != nil {
			s.writeError(w, r, err)
		}
	}
}

func isFile(app fs.FS, name string) bool {
	info, err := fs.Stat(app, name)
	return err == nil && info.Mode().IsRegular()
}

// serveFile sends name, precompressed if the build has it so and r takes it.
func serveFile(w http.ResponseWriter, r *http.Request, app fs.FS, name string) error {
	h := w.Header()
	kind := mime.TypeByExtension(path.Ext(name))
	if kind == "" {
		kind = "application/octet-stream"
	}
	h.Set("Content-Type", kind)
	h.Set("Vary", "Accept-Encoding")
	file := name
	for _, enc := range encodings {
		if accepts(r, enc.name) && isFile(app, name+enc.suffix) {
			file = name + enc.suffix
			h.Set("Content-Encoding", enc.name)
			break
		}
	}
	body, err := fs.ReadFile(app, file)
	if errors.Is(err, fs.ErrNotExist) {
		return fault.Wrap(err, fault.NotFound, "not_found", "There is nothing here.")
	}
	if err != nil {
		return err
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return nil
	}
	if _, err := w.Write(body); err != nil {
		return nil //nolint:nilerr // the browser went away; there is nobody to tell
	}
	return nil
}

func accepts(r *http.Request, encoding string) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(name, encoding) && strings.TrimSpace(q) != "q=0" {
			return true
		}
	}
	return false
}
