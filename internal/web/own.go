package web

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"centralita/internal/fault"
)

// referencePage is the one address below /api that is a screen of the app: there
// the app shows the description of the API.
const referencePage = "/api/docs"

// registerOwn adds the routes that every instance has.
func (s *Server) registerOwn() {
	get := func(path, id string, h http.HandlerFunc) {
		s.router.Raw(Op{Method: http.MethodGet, Path: path, ID: id, Permission: Public, Absolute: true}, h)
	}
	get("/healthz", "health", s.healthz)
	get("/readyz", "ready", s.readyz)
	get("/metrics", "metrics", s.metricsHandler())
	get("/api/openapi.json", "openapi", s.openAPIHandler)
	s.engine.NoMethod(func(c *gin.Context) {
		writeProblem(c.Writer, newProblem(c.Request.Context(), http.StatusMethodNotAllowed, "method_not_allowed", "This address does not take that method."))
	})
	static := s.staticHandler()
	s.engine.NoRoute(func(c *gin.Context) {
		path := c.Request.URL.Path
		if static == nil || path == "/api" || strings.HasPrefix(path, "/api/") && path != referencePage {
			s.writeError(c.Writer, c.Request, fault.New(fault.NotFound, "not_found", "There is nothing here."))
			return
		}
		static(c.Writer, c.Request)
	})
}

func (s *Server) openAPIHandler(w http.ResponseWriter, r *http.Request) {
	text, err := s.router.OpenAPI()
	if err != nil {
		s.writeError(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/openapi+json")
	if _, err := w.Write(text); err != nil {
		s.opts.Logger.Debug("reply not delivered", "error", err)
	}
}

// openAPI marshals twice: through a map, which sorts the keys.
func openAPI(api huma.API) ([]byte, error) {
	text, err := json.Marshal(api.OpenAPI())
	if err != nil {
		return nil, err
	}
	var doc any
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err = enc.Encode(doc)
	return out.Bytes(), err
}
