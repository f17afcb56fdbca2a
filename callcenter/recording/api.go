package recording

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"

	"centralita/internal/fault"
	"centralita/internal/web"
)

// PermPlay is the right to see and hear recordings.
const PermPlay web.Permission = "recordings.play"

// API serves recordings. Listening is noted before the first byte leaves; when it cannot be noted, nothing does.
type API struct {
	store   Store
	archive string
	may     func(ctx context.Context, call int64) error
	heard   func(ctx context.Context, call int64) error
}

// NewAPI returns the API over the directory of finished files. may refuses who must not listen to a call; what he
// gets is the answer to a call that does not exist. heard notes who listened.
func NewAPI(store Store, archive string, may, heard func(ctx context.Context, call int64) error) *API {
	return &API{store, archive, may, heard}
}

// Register adds the routes.
func (a *API) Register(r *web.Router) {
	web.Handle(r, web.Op{Method: "GET", Path: "/calls/{id}/recording", ID: "get-recording", Tag: "calls",
		Summary: "The recording of a call", Permission: PermPlay}, a.get)
	r.Raw(web.Op{Method: "GET", Path: "/calls/{id}/audio", ID: "get-audio", Tag: "calls",
		Summary: "The sound of a call, by ranges", Permission: PermPlay}, func(w http.ResponseWriter, req *http.Request) {
		if err := a.audio(w, req); err != nil {
			r.WriteError(w, req, err)
		}
	})
}

// Input names a call.
type Input struct {
	ID int64 `path:"id" minimum:"1"`
}

// View is a recording as a browser sees it.
type View struct {
	Recording
	AudioURL string `json:"audio_url"`
}

// Output is one recording.
type Output struct {
	Body View
}

func (a *API) get(ctx context.Context, in *Input) (*Output, error) {
	if err := a.may(ctx, in.ID); err != nil {
		return nil, err
	}
	r, err := a.store.Recording(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &Output{View{r, "/api/calls/" + strconv.FormatInt(in.ID, 10) + "/audio"}}, nil
}

func (a *API) audio(w http.ResponseWriter, req *http.Request) error {
	call, err := strconv.ParseInt(req.PathValue("id"), 10, 64)
	if err != nil {
		return notThere()
	}
	if err := a.may(req.Context(), call); err != nil {
		return err
	}
	r, err := a.store.Recording(req.Context(), call)
	if err != nil {
		return err
	}
	if r.State != Ready {
		return notThere()
	}
	root, err := os.OpenRoot(a.archive)
	if err != nil {
		return err
	}
	defer root.Close()
	file, err := root.Open(r.Path)
	if err != nil {
		return fault.Wrap(err, fault.NotFound, "recording_gone", "The file of this recording is not there any more.")
	}
	defer file.Close()
	if err := intact(file, r.SHA256); err != nil {
		return err
	}
	if err := a.heard(req.Context(), call); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "audio/ogg; codecs=opus")
	w.Header().Set("Content-Disposition", `inline; filename="call-`+strconv.FormatInt(call, 10)+`.opus"`)
	w.Header().Set("Cache-Control", "no-store")
	http.ServeContent(w, req, "", time.Time{}, file)
	return nil
}

func notThere() error {
	return fault.New(fault.NotFound, "recording_not_found", "There is no recording of this call.")
}

// intact compares a file with the sum it was sealed with.
func intact(file io.ReadSeeker, sum string) error {
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return err
	}
	if hex.EncodeToString(hash.Sum(nil)) != sum {
		return fault.New(fault.Conflict, "recording_damaged", "The file of this recording was changed after it was made.")
	}
	_, err := file.Seek(0, io.SeekStart)
	return err
}
