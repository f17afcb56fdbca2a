package importing

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"centralita/crm/access"
	"centralita/crm/exchange/parcel"
	"centralita/crm/exchange/sheet"
	"centralita/internal/fault"
	"centralita/internal/jobs"
	"centralita/internal/phone"
	"centralita/internal/postgres"
)

// maxFile is how large a file may be in bytes.
const maxFile = 64 << 20

// Recorder writes down who did what, in ctx's transaction.
type Recorder interface {
	Record(ctx context.Context, action, entity string, id int64, before, after any) error
	RecordMany(ctx context.Context, action, entity string, ids []int64, before, after []any) error
}

// Live is the line to the browsers; see realtime.Log.
type Live interface {
	Append(ctx context.Context, userID int64, kind string, data any) error
	Signal(ctx context.Context, kind string, data any)
}

// People knows who works here.
type People interface {
	Users(ctx context.Context) ([]access.User, error)
	// ActorOf returns a user as he is now, for work in his name; a fault when he
	// does not work here any more.
	ActorOf(ctx context.Context, id int64) (access.Actor, error)
}

// Countries knows under which countries numbers are read.
type Countries interface {
	ReadUnder(ctx context.Context, country string) ([]string, error)
}

// Ports are the other rooms that imports need. All are required but Now, which is
// time.Now when nil.
type Ports struct {
	Queue     *jobs.Queue
	Base      Base
	Countries Countries
	People    People
	Audit     Recorder
	Live      Live
	Now       func() time.Time
}

// Service brings lists in. Safe for concurrent use.
type Service struct {
	db      *postgres.DB
	store   *Store
	parcels *parcel.Store
	ports   Ports
	log     *slog.Logger
}

// New returns a service on db and registers its jobs with the queue, which must
// not have been started.
func New(db *postgres.DB, ports Ports) *Service {
	if ports.Now == nil {
		ports.Now = time.Now
	}
	s := &Service{db: db, store: NewStore(db), parcels: parcel.NewStore(db), ports: ports, log: slog.Default()}
	s.registerJobs()
	return s
}

// Imports are their author's; others see them as far as their roles reach.
var Imports = access.Resource{Entity: access.Import, Owner: "created_by", Missing: errNotFound}

// Get returns an import that ctx's actor may see.
func (s *Service) Get(ctx context.Context, id int64) (Import, error) {
	im, err := s.store.get(ctx, id, false)
	if err != nil {
		return im, err
	}
	return im, Imports.Check(ctx, access.Read, id, im.AuthorID)
}

// List returns imports that ctx's actor may see, newest first, below the id
// before (0: from the newest).
func (s *Service) List(ctx context.Context, before int64, limit int) ([]Import, error) {
	return s.store.list(ctx, before, limit)
}

// Upload keeps a file and finds out what it is. A file without rows is refused.
func (s *Service) Upload(ctx context.Context, name string, body io.Reader) (im Import, err error) {
	spool, err := parcel.Spool()
	if err != nil {
		return im, err
	}
	defer spool.Close()
	size, err := io.Copy(spool, io.LimitReader(body, maxFile+1))
	switch {
	case err != nil:
		return im, fault.Wrap(err, fault.Invalid, "upload_broken", "The file did not arrive whole. Try again.")
	case size > maxFile:
		return im, errTooLarge
	case size == 0:
		return im, errEmpty
	}
	file := &parcel.File{File: spool, Size: size}
	im = Import{FileName: fileName(name), SizeBytes: size, Policy: defaultPolicy, AuthorID: access.ActorFrom(ctx).UserID}
	if err := s.inspect(ctx, &im, file); err != nil {
		return im, err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return im, err
	}
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		if im.parcel, err = s.keep(ctx, file); err != nil {
			return err
		}
		if im.ID, err = s.store.insert(ctx, im); err != nil {
			return err
		}
		if im, err = s.store.get(ctx, im.ID, false); err != nil {
			return err
		}
		s.changed(ctx, im.ID)
		return s.ports.Audit.Record(ctx, "import.upload", "import", im.ID, nil, told(im))
	})
	return im, err
}

func (s *Service) keep(ctx context.Context, file *parcel.File) (int64, error) {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return 0, err
	}
	id, err := s.parcels.Make(ctx)
	if err != nil {
		return 0, err
	}
	w := s.parcels.Fill(ctx, id)
	if _, err := io.Copy(w, file); err != nil {
		return 0, err
	}
	return id, w.Close()
}

// fileName keeps of a name what can be shown.
func fileName(name string) string {
	name = phone.Text(path.Base(strings.ReplaceAll(name, `\`, "/")))
	if name == "" || name == "." || name == "/" {
		return "import"
	}
	return name
}

// inspect detects the format and recognises the columns of a new file.
func (s *Service) inspect(ctx context.Context, im *Import, file *parcel.File) error {
	head := make([]byte, sheet.HeadSize)
	n, err := file.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	im.Format, im.Sheets = sheet.Detect(head[:n]), []string{}
	if im.Format.Kind == sheet.XLSX {
		if im.Sheets, err = sheet.Sheets(file, file.Size); err != nil {
			return err
		}
	}
	look, err := preview(file, im.Format, 1)
	if err != nil {
		return err
	}
	if len(look.Header) == 0 {
		return errEmpty
	}
	return s.recognise(ctx, im, look.Header)
}

// recognise fills in the mapping for these columns: a saved one, else a guess.
func (s *Service) recognise(ctx context.Context, im *Import, header []string) error {
	saved, err := s.store.savedFor(ctx, headerKey(header))
	if err != nil {
		return err
	}
	if saved != nil {
		im.Source, im.Mapping, im.Policy = "saved", saved.Mapping.applyTo(header), saved.Policy
		im.Policy.SaveAs = saved.Name
		return nil
	}
	im.Source, im.Mapping = recognise(header, im.Format.Kind)
	return nil
}

// ImportEdit is what may be changed of a draft; nil stays.
type ImportEdit struct {
	Format  *sheet.Format `json:"format,omitempty"`
	Mapping *Mapping      `json:"mapping,omitempty"`
	Policy  *Policy       `json:"policy,omitempty"`
}

// Edit changes a draft. Another format has the columns recognised anew.
func (s *Service) Edit(ctx context.Context, id int64, c ImportEdit) (Import, error) {
	return s.move(ctx, id, "", func(ctx context.Context, im *Import) error {
		if im.State != Draft {
			return errBusy
		}
		if c.Policy != nil {
			if _, err := s.ports.Countries.ReadUnder(ctx, c.Policy.Country); err != nil {
				return err
			}
			im.Policy = *c.Policy
			im.Policy.SaveAs = phone.Text(im.Policy.SaveAs)
		}
		if c.Format != nil && *c.Format != im.Format {
			if err := s.reformat(ctx, im, *c.Format); err != nil {
				return err
			}
		}
		if c.Mapping != nil {
			im.Mapping = c.Mapping.complete()
		}
		im.Report = nil
		return s.store.saveDraft(ctx, *im)
	})
}

func (s *Service) reformat(ctx context.Context, im *Import, f sheet.Format) error {
	file, err := s.parcels.Open(ctx, im.parcel)
	if err != nil {
		return err
	}
	defer file.Close()
	if f.Kind != im.Format.Kind {
		return fault.New(fault.Invalid, "format_invalid", "The file cannot be read in this way.").WithField("body.format.kind", "the file is of another kind")
	}
	look, err := preview(file, f, 1)
	if err != nil {
		return err
	}
	im.Format = f
	if sameHeader(im.Mapping, look.Header) {
		return nil
	}
	return s.recognise(ctx, im, look.Header)
}

func sameHeader(m Mapping, header []string) bool {
	if len(m.Columns) != len(header) {
		return false
	}
	for i, c := range m.Columns {
		if c.Header != header[i] {
			return false
		}
	}
	return true
}

// move changes an import that ctx's actor may see, alone with it; action, unless
// it is "", is what the log calls that.
func (s *Service) move(ctx context.Context, id int64, action string, change func(context.Context, *Import) error) (im Import, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		if im, err = s.store.get(ctx, id, true); err != nil {
			return err
		}
		if err = Imports.Check(ctx, access.Change, id, im.AuthorID); err != nil {
			return err
		}
		before := told(im)
		if err = change(ctx, &im); err != nil {
			return err
		}
		if im, err = s.store.get(ctx, id, false); err != nil {
			return err
		}
		s.changed(ctx, id)
		if action == "" {
			return nil
		}
		return s.ports.Audit.Record(ctx, action, "import", id, before, told(im))
	})
	return im, err
}

// toldImport is what the log says of an import.
type toldImport struct {
	FileName string `json:"file_name"`
	State    State  `json:"state"`
	Policy   Policy `json:"policy"`
	Position int    `json:"position"`
	Total    int    `json:"total"`
	Created  int    `json:"created"`
	Updated  int    `json:"updated"`
	Skipped  int    `json:"skipped"`
	Failed   int    `json:"failed"`
}

func told(im Import) toldImport {
	return toldImport{im.FileName, im.State, im.Policy, im.Position, im.Total, im.Created, im.Updated, im.Skipped, im.Failed}
}

func (s *Service) changed(ctx context.Context, id int64) {
	s.ports.Live.Signal(ctx, "imports.changed", map[string]int64{"id": id})
}

// Preview is the beginning of a file as its format reads it.
type Preview struct {
	Header []string     `json:"header"`
	Rows   []PreviewRow `json:"rows"`
}

// PreviewRow is one of its rows; Problem is why it cannot be read.
type PreviewRow struct {
	Line    int      `json:"line"`
	Cells   []string `json:"cells"`
	Problem string   `json:"problem"`
}

// Preview reads the first rows of an import's file.
func (s *Service) Preview(ctx context.Context, id int64, limit int) (Preview, error) {
	im, err := s.Get(ctx, id)
	if err != nil {
		return Preview{}, err
	}
	if im.parcel == 0 {
		return Preview{}, errGone
	}
	file, err := s.parcels.Open(ctx, im.parcel)
	if err != nil {
		return Preview{}, err
	}
	defer file.Close()
	return preview(file, im.Format, limit)
}

var errGone = fault.New(fault.NotFound, "import_file_gone", "The file is not kept any more.")

// shortCell bounds a cell of a preview in characters.
const shortCell = 200

func preview(file *parcel.File, f sheet.Format, limit int) (p Preview, err error) {
	rows, err := sheet.Open(file, file.Size, f)
	if err != nil {
		return p, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	p = Preview{Header: []string{}, Rows: []PreviewRow{}}
	for len(p.Rows) < limit {
		row, err := rows.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return p, err
		}
		if len(p.Header) == 0 {
			p.Header = headerOf(f, row.Cells)
			if f.Header || f.Kind == sheet.VCard {
				continue
			}
		}
		for i, cell := range row.Cells {
			row.Cells[i] = shortened(cell)
		}
		p.Rows = append(p.Rows, PreviewRow(row))
	}
	return p, nil
}

func shortened(cell string) string {
	if utf8.RuneCountInString(cell) <= shortCell {
		return cell
	}
	return string([]rune(cell)[:shortCell]) + "…"
}
