package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"
)

// defaultMaxBody bounds a request body unless the Op says otherwise.
const defaultMaxBody = 1 << 20

// Op declares a route. Path has no /api prefix and names parameters as {id},
// unless Absolute. ID is unique, in lower-case words joined by hyphens. Status
// is that of success; 0: 200 with a body, 204 without. MaxBody 0: 1 MB. Beyond
// says that the work is not in the database alone, Secret that the answer shows
// what must be kept nowhere: see Answers.
type Op struct {
	Method, Path, ID, Summary, Tag string
	Permission                     Permission
	Status                         int
	Absolute                       bool
	StepUp                         bool // only soon after the person has shown who he is
	Beyond, Secret                 bool
	MaxBody                        int64
}

// Route is what is known of a registered route.
type Route struct {
	Method, Path, ID string // Path in full
	Permission       Permission
}

// Router is where modules register routes. Not safe for concurrent use; done
// with before the server starts.
type Router struct {
	server *Server
	api    huma.API
	routes []Route
	ids    map[string]struct{}
}

//nolint:gochecknoinits // huma keeps these in package variables; they must be set before any route exists
func init() {
	huma.NewErrorWithContext = humaProblem
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		return humaProblem(nil, status, message, errs...)
	}
	huma.ValidateStrictCasing = true
	huma.DefaultArrayNullable = false
}

func newRouter(s *Server) *Router {
	cfg := huma.DefaultConfig(s.opts.Title, s.opts.Version)
	cfg.OpenAPIPath, cfg.DocsPath, cfg.SchemasPath = "", "", ""
	cfg.CreateHooks = nil
	names := &namer{taken: map[string]reflect.Type{}}
	cfg.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", names.name)
	cfg.RejectUnknownQueryParameters = true
	cfg.Formats = map[string]huma.Format{"application/json": strictJSON, "json": strictJSON}
	cfg.Servers = []*huma.Server{{URL: "/api"}}
	cfg.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"session": {Type: "apiKey", In: "cookie", Name: SessionCookieName},
	}
	return &Router{server: s, api: humagin.NewWithGroup(s.engine, s.engine.Group("/api"), cfg), ids: map[string]struct{}{}}
}

// Routes lists all registered routes, in order of registration.
func (r *Router) Routes() []Route { return append([]Route(nil), r.routes...) }

// OpenAPI returns the document of the typed routes as JSON, sorted and
// indented so that it can be kept under version control.
func (r *Router) OpenAPI() ([]byte, error) { return openAPI(r.api) }

var idShape = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// declare checks op and notes it. Mistakes are the programmer's: they panic
// when the program starts.
func (r *Router) declare(op Op) Route {
	path := op.Path
	if !op.Absolute {
		path = "/api" + op.Path
	}
	switch {
	case op.Permission == "":
		panic(fmt.Sprintf("web: %s %s declares no permission", op.Method, path))
	case op.Permission != Public && r.server.opts.Gate == nil:
		panic(fmt.Sprintf("web: %s %s needs a gate", op.Method, path))
	case !idShape.MatchString(op.ID):
		panic(fmt.Sprintf("web: %s %s: bad id %q", op.Method, path, op.ID))
	case !strings.HasPrefix(op.Path, "/"):
		panic(fmt.Sprintf("web: path %q must begin with a slash", op.Path))
	}
	if _, twice := r.ids[op.ID]; twice {
		panic(fmt.Sprintf("web: id %q is used twice", op.ID))
	}
	r.ids[op.ID] = struct{}{}
	route := Route{Method: op.Method, Path: path, ID: op.ID, Permission: op.Permission}
	r.routes = append(r.routes, route)
	return route
}

// Handle registers a typed handler. I has fields tagged path, query and header,
// and a Body; O has header fields and a Body (see huma). Unknown keys and query
// parameters are refused, bodies must be application/json. The handler's
// context ends after the server's request timeout; errors go through fault.
func Handle[I, O any](r *Router, op Op, fn func(context.Context, *I) (*O, error)) {
	r.declare(op)
	_, wantsJSON := reflect.TypeFor[I]().FieldByName("Body")
	s := r.server
	huma.Register(r.api, operation(r, op, wantsJSON), func(ctx context.Context, in *I) (*O, error) {
		ctx, cancel := context.WithTimeout(ctx, s.opts.RequestTimeout)
		defer cancel()
		out, err := fn(ctx, in)
		if err != nil {
			tellCause(ctx, err)
			return nil, s.problemOf(ctx, err)
		}
		return out, nil
	})
}

// operation is op in huma's words.
func operation(r *Router, op Op, wantsJSON bool) huma.Operation {
	maxBody := op.MaxBody
	if maxBody == 0 {
		maxBody = defaultMaxBody
	}
	h := huma.Operation{
		Method: op.Method, Path: op.Path, OperationID: op.ID, Summary: op.Summary,
		DefaultStatus: op.Status, MaxBodyBytes: maxBody, BodyReadTimeout: bodyTime,
		Middlewares: huma.Middlewares{r.typedGate(op, wantsJSON)},
	}
	if op.Tag != "" {
		h.Tags = []string{op.Tag}
	}
	if r.server.takesKey(op) {
		h.Parameters = []*huma.Param{keyParam()}
	}
	if op.Permission != Public {
		h.Security = []map[string][]string{{"session": {}}}
		h.Extensions = map[string]any{"x-permission": string(op.Permission)}
	}
	return h
}

// typedGate asks for the right before anything of the body is read.
func (r *Router) typedGate(op Op, wantsJSON bool) func(huma.Context, func(huma.Context)) {
	s := r.server
	return func(hc huma.Context, next func(huma.Context)) {
		c := humagin.Unwrap(hc)
		ctx, err := s.enter(c.Request, op)
		if err != nil {
			s.writeError(c.Writer, c.Request, err)
			return
		}
		if wantsJSON && !isJSON(c.Request) {
			writeProblem(c.Writer, newProblem(ctx, http.StatusUnsupportedMediaType, "unsupported_media_type", "The body must be application/json."))
			return
		}
		c.Request = c.Request.WithContext(ctx)
		s.once(hc, op, next)
	}
}

// keyParam describes KeyHeader.
func keyParam() *huma.Param {
	longest := maxKey
	return &huma.Param{
		Name: KeyHeader, In: "header", Schema: &huma.Schema{Type: "string", MaxLength: &longest},
		Description: "The same key with the same request is done once; the first answer is given again for 24 hours",
	}
}

// isJSON accepts a JSON body, or none at all.
func isJSON(r *http.Request) bool {
	given := r.Header.Get("Content-Type")
	if given == "" {
		return r.ContentLength == 0
	}
	kind, _, err := mime.ParseMediaType(given)
	return err == nil && kind == "application/json"
}

// Raw registers a plain handler behind the same gate: for sockets, audio and
// webhooks. Path parameters are read with PathValue. The body is bounded, the
// connection's write limit is lifted, the context is the connection's own, and
// all of it ends with the session it was asked for in.
func (r *Router) Raw(op Op, h http.HandlerFunc) {
	route := r.declare(op)
	s := r.server
	maxBody := op.MaxBody
	if maxBody == 0 {
		maxBody = defaultMaxBody
	}
	s.engine.Handle(op.Method, ginPath(route.Path), func(c *gin.Context) {
		ctx, err := s.enter(c.Request, op)
		if err != nil {
			s.writeError(c.Writer, c.Request, err)
			return
		}
		if key, err := keyOf(c.Request, op); err != nil || key != "" {
			s.writeError(c.Writer, c.Request, cmp.Or(err, error(errNoKeys)))
			return
		}
		c.Request = c.Request.WithContext(ctx)
		for _, p := range c.Params {
			c.Request.SetPathValue(p.Key, p.Value)
		}
		if c.Request.Body != nil {
			c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxBody)
		}
		liftLimits(c)
		defer s.hold(c, op)()
		h(c.Writer, c.Request)
	})
}

// liftLimits lets a reply take as long as it takes, and the connection stay
// after a request that has no body to wait for.
func liftLimits(c *gin.Context) {
	control := http.NewResponseController(c.Writer)
	err := control.SetWriteDeadline(time.Time{})
	if c.Request.ContentLength == 0 {
		err = errors.Join(err, control.SetReadDeadline(time.Time{}))
	}
	if err != nil {
		slog.Debug("limits of the connection stay", "error", err)
	}
}

// ginPath turns {id} into :id.
func ginPath(path string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(path)
}
