package file_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"centralita/crm/file"
)

var (
	png  = append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"), make([]byte, 64)...)
	pdf  = []byte("%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n")
	svg  = []byte(`<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`)
	page = []byte("<!doctype html><html><body><script>alert(document.cookie)</script></body></html>")
	exe  = append([]byte("MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00\xb8\x00\x00\x00\x00\x00\x00\x00\x40"), make([]byte, 200)...)
)

func TestAFileComesGoesAndComesBack(t *testing.T) {
	w := small(t)
	status, f := w.upload(1, "Oferta cocina.pdf", pdf)
	if status != 201 || f.Name != "Oferta cocina.pdf" || f.Mime != "application/pdf" || f.Preview != "pdf" || f.UserName != "Anna" || f.SizeBytes != int64(len(pdf)) || f.Suspect {
		t.Fatalf("%d %+v", status, f)
	}
	path := "/files/" + strconv.FormatInt(f.ID, 10)
	res, text := w.ask("GET", path+"/content", nil)
	if !bytes.Equal(text, pdf) || res.Header.Get("Content-Type") != "application/octet-stream" || res.Header.Get("X-Content-Type-Options") != "nosniff" ||
		!strings.HasPrefix(res.Header.Get("Content-Disposition"), "attachment; filename=") || !strings.Contains(res.Header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("%v %q", res.Header, text)
	}
	if res, part := w.ask("GET", path+"/content", nil, "Range", "bytes=1-3"); res.StatusCode != 206 || string(part) != "PDF" {
		t.Errorf("range: %d %q", res.StatusCode, part)
	}
	if res, _ := w.ask("PATCH", path, strings.NewReader(`{"name":"../x/Offer 2.pdf"}`), "Content-Type", "application/json"); res.StatusCode != 200 {
		t.Errorf("rename: %d", res.StatusCode)
	}
	if res, _ := w.ask("DELETE", path, nil); res.StatusCode != 200 {
		t.Errorf("delete: %d", res.StatusCode)
	}
	if res, _ := w.ask("GET", path+"/content", nil); res.StatusCode != 404 {
		t.Errorf("deleted, and still there: %d", res.StatusCode)
	}
	if res, text := w.ask("POST", path+"/restore", nil); res.StatusCode != 200 || !strings.Contains(string(text), `"name":"Offer 2.pdf"`) {
		t.Errorf("restore: %d %s", res.StatusCode, text)
	}
	if res, _ := w.ask("POST", path+"/restore", nil); res.StatusCode != 404 {
		t.Errorf("restored twice: %d", res.StatusCode)
	}
	if n := w.number(`select count(*) from interactions where kind = 'file' and client_id = 1 and ref_id = $1`, f.ID); n != 1 {
		t.Errorf("%d entries on the timeline", n)
	}
	for action, times := range map[string]int{"add": 1, "read": 2, "rename": 1, "delete": 1, "restore": 1} {
		if n := w.number(`select count(*) from audit_entries where entity = 'client' and entity_id = 1 and user_id = 1 and action = $1`, "client.file."+action); n != times {
			t.Errorf("client.file.%s is in the log %d times", action, n)
		}
	}
}

// What a file is called and said to be has no say in how it goes out.
func TestHostileContentsNeverRun(t *testing.T) {
	w := small(t)
	for _, c := range []struct {
		name    string
		content []byte
		preview string
		suspect bool
	}{
		{"logo.svg", svg, "", true},
		{"photo.png", svg, "", true},                                     // a script that calls itself a picture
		{"photo.png", png, "image", false},                               //
		{"photo.png", append(bytes.Clone(png), page...), "image", false}, // a picture with a page behind it
		{"page.html", page, "", true},
		{"invoice.pdf", page, "", true},
		{"invoice.pdf.exe", exe, "", true},
		{"invoice.pdf", exe, "", true},
		{"invoice\u202efdp.exe", exe, "", true}, // the name that reads backwards
		{"notes.txt", []byte("plain words"), "", false},
		{"prices.xlsm", []byte("PK\x03\x04 nothing is unpacked"), "", true},
	} {
		status, f := w.upload(1, c.name, c.content)
		if status != 201 || f.Preview != c.preview || f.Suspect != c.suspect || strings.ContainsRune(f.Name, '\u202e') {
			t.Errorf("%s: %d %+v", c.name, status, f)
			continue
		}
		path := "/files/" + strconv.FormatInt(f.ID, 10)
		res, text := w.ask("GET", path+"/content", nil)
		if res.Header.Get("Content-Type") != "application/octet-stream" || res.Header.Get("X-Content-Type-Options") != "nosniff" || !bytes.Equal(text, c.content) {
			t.Errorf("%s: %v", c.name, res.Header)
		}
		res, _ = w.ask("GET", path+"/preview", nil)
		if c.preview == "" {
			if res.StatusCode != 409 {
				t.Errorf("%s is shown: %d", c.name, res.StatusCode)
			}
			continue
		}
		if policy := res.Header.Get("Content-Security-Policy"); res.Header.Get("Content-Type") != f.Mime || res.Header.Get("X-Content-Type-Options") != "nosniff" ||
			!strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "script") || !strings.Contains(policy, "frame-ancestors 'self'") {
			t.Errorf("%s: %v", c.name, res.Header)
		}
	}
}

func TestNamesOfUploads(t *testing.T) {
	for given, want := range map[string]string{
		"../../etc/passwd":                   "passwd",
		`C:\Users\ana\Oferta final.pdf`:      "Oferta final.pdf",
		"/etc/shadow":                        "shadow",
		"..":                                 "file",
		"":                                   "file",
		"  .htaccess ":                       "htaccess",
		"a\x00b\r\nX: y.txt":                 "abX_ y.txt",
		"pay\u202efdp.exe":                   "payfdp.exe",
		"смета\u00a0кухня.xlsx":              "смета кухня.xlsx",
		"x.":                                 "x",
		"\xff\xfe.txt":                       "\uFFFD.txt",
		"e\u0301.txt":                        "é.txt",
		strings.Repeat("я", 300) + ".pdf":    strings.Repeat("я", 196) + ".pdf",
		"n." + strings.Repeat("x", 300):      "n." + strings.Repeat("x", 198),
		`quote" <b>;` + "\u2028" + `|x?.doc`: "quote_ _b_;_x_.doc",
	} {
		if got := file.CleanName(given); got != want {
			t.Errorf("%q: %q, not %q", given, got, want)
		}
	}
}

// A path in the address, a link on the disk and a name that leads away reach
// nothing outside of the directory.
func TestNothingOutsideIsReached(t *testing.T) {
	w := small(t)
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, f := w.upload(1, "a.txt", []byte("hello"))
	disk := file.NewDisk(w.dir)
	if err := os.Symlink(secret, filepath.Join(w.dir, "link")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"../secret", secret, "link", "", ".", "x\x00", "../uploads/" + w.blobs()[0]} {
		if c, err := disk.Open(name); err == nil {
			t.Errorf("%q is opened: %v", name, c.Close())
		}
		if _, err := disk.Put(name, strings.NewReader("x")); err == nil {
			t.Errorf("%q is written", name)
		}
	}
	w.exec(`update files set blob = '../' || $1 where id = $2`, filepath.Base(secret), f.ID)
	for _, path := range []string{"/files/" + strconv.FormatInt(f.ID, 10) + "/content", "/files/..%2f..%2fetc%2fpasswd/content", "/files/0/content", "/files/-1/preview", "/files/99/content", "/files/1e3/content"} {
		if res, text := w.ask("GET", path, nil); res.StatusCode < 400 || bytes.Contains(text, []byte("secret")) {
			t.Errorf("%s: %d %s", path, res.StatusCode, text)
		}
	}
}

func TestAClientWhoMayNotBeSeenHasNoFiles(t *testing.T) {
	w := small(t)
	if status, _ := w.upload(2, "a.txt", []byte("x")); status != 404 {
		t.Errorf("upload: %d", status)
	}
	w.exec(`insert into files (id, client_id, name, blob, ready_at) values (77, 2, 'a.txt', 'nowhere', now())`)
	gone, absent := [2]string{}, [2]string{}
	for i, id := range []string{"77", "78"} {
		for _, each := range []struct{ method, path string }{{"GET", "/content"}, {"GET", "/preview"}, {"DELETE", ""}, {"POST", "/restore"}} {
			res, text := w.ask(each.method, "/files/"+id+each.path, nil)
			if res.StatusCode != 404 {
				t.Errorf("%s %s: %d", each.method, each.path, res.StatusCode)
			}
			if i == 0 {
				gone[1] += string(text[:40])
			} else {
				absent[1] += string(text[:40])
			}
		}
	}
	if gone != absent {
		t.Errorf("not one's own reads as %q, absent as %q", gone, absent)
	}
	if n := w.number(`select count(*) from audit_entries`); n != 0 || len(w.blobs()) != 0 {
		t.Errorf("refused requests left %d entries and %d contents", n, len(w.blobs()))
	}
}

func TestLimitsLeaveNothingBehind(t *testing.T) {
	w := newWorld(t, file.Limits{File: 1000, Firm: 1500})
	if status, _ := w.upload(1, "big", make([]byte, 1001)); status != 422 {
		t.Errorf("too large: %d", status)
	}
	res, _ := w.ask("POST", "/clients/1/files?name=big", io.MultiReader(bytes.NewReader(make([]byte, 5000))), "Content-Type", "application/octet-stream") // no length told
	if res.StatusCode != 422 {
		t.Errorf("too large, without a length: %d", res.StatusCode)
	}
	if status, _ := w.upload(1, "none", nil); status != 422 {
		t.Errorf("empty: %d", status)
	}
	for _, kind := range []string{"text/plain", "multipart/form-data; boundary=x", ""} {
		if res, _ := w.ask("POST", "/clients/1/files?name=x", strings.NewReader("x"), "Content-Type", kind); res.StatusCode != 422 {
			t.Errorf("%q: %d", kind, res.StatusCode)
		}
	}
	if status, _ := w.upload(1, "full size", make([]byte, 1000)); status != 201 {
		t.Errorf("the largest: %d", status)
	}
	if status, _ := w.upload(1, "one more", make([]byte, 501)); status != 409 {
		t.Errorf("over what the firm has: %d", status)
	}
	if status, _ := w.upload(1, "fits", make([]byte, 500)); status != 201 {
		t.Errorf("the last that fits: %d", status)
	}
	if n := len(w.blobs()); n != 2 || w.number(`select count(*) from files`) != 2 || w.number(`select bytes from file_usage`) != 1500 {
		t.Errorf("%d contents, %d rows, %d bytes in use", n, w.number(`select count(*) from files`), w.number(`select bytes from file_usage`))
	}
}

type broken struct{ left int }

func (b *broken) Read(p []byte) (int, error) {
	if b.left--; b.left < 0 {
		return 0, errors.New("the line is cut")
	}
	return len(p), nil
}

func TestACutUploadLeavesNothing(t *testing.T) {
	w := small(t)
	ctx, _ := anna{}.Enter(t.Context(), "")
	if _, err := w.files.Add(ctx, 1, "cut", &broken{1}); err == nil {
		t.Error("kept")
	}
	if len(w.blobs()) != 0 || w.number(`select count(*) from files`) != 0 || w.number(`select count(*) from interactions`) != 0 {
		t.Error("something is left")
	}
}

func TestAContentThatWasTamperedWithIsRefused(t *testing.T) {
	w := small(t)
	_, f := w.upload(1, "a.txt", []byte("hello"))
	blob := filepath.Join(w.dir, w.blobs()[0])
	for _, c := range []struct {
		content string
		status  int
	}{{"hellO", 409}, {"hello", 200}} {
		if err := os.WriteFile(blob, []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if res, _ := w.ask("GET", "/files/"+strconv.FormatInt(f.ID, 10)+"/content", nil); res.StatusCode != c.status {
			t.Errorf("%s: %d", c.content, res.StatusCode)
		}
	}
	if err := os.Remove(blob); err != nil {
		t.Fatal(err)
	}
	if res, _ := w.ask("GET", "/files/"+strconv.FormatInt(f.ID, 10)+"/content", nil); res.StatusCode != http.StatusNotFound {
		t.Errorf("gone: %d", res.StatusCode)
	}
}

func TestWhatIsSpentIsSwept(t *testing.T) {
	w := small(t)
	_, kept := w.upload(1, "kept", []byte("kept"))
	_, gone := w.upload(1, "gone", []byte("gone"))
	w.ask("DELETE", "/files/"+strconv.FormatInt(gone.ID, 10), nil)
	w.exec(`insert into files (client_id, name, blob) values (1, 'given up', 'givenup')`)
	if err := os.WriteFile(filepath.Join(w.dir, "givenup"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		after       time.Duration
		blobs, rows int
	}{{time.Hour, 3, 3}, {25 * time.Hour, 2, 2}, {31 * 24 * time.Hour, 1, 2}, {31 * 24 * time.Hour, 1, 2}} {
		if err := w.files.Prune(t.Context(), later(step.after)); err != nil {
			t.Fatal(err)
		}
		if n, rows := len(w.blobs()), w.number(`select count(*) from files`); n != step.blobs || rows != step.rows {
			t.Errorf("after %v: %d contents, %d rows", step.after, n, rows)
		}
	}
	if n := w.number(`select bytes from file_usage`); n != len("kept") {
		t.Errorf("%d bytes in use", n)
	}
	if res, _ := w.ask("POST", "/files/"+strconv.FormatInt(gone.ID, 10)+"/restore", nil); res.StatusCode != 404 {
		t.Errorf("what is gone comes back: %d", res.StatusCode)
	}
	if res, _ := w.ask("GET", "/files/"+strconv.FormatInt(kept.ID, 10)+"/content", nil); res.StatusCode != 200 {
		t.Errorf("kept: %d", res.StatusCode)
	}
}
