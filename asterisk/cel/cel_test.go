package cel_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"centralita/asterisk/cel"
)

const entity = "02:94:d8:94:0e:8b"

// line writes a row as Asterisk does: every field quoted, quotes doubled.
func line(kind, uniqueID, name, number, exten string) string {
	fields := []string{entity, kind, "2026-11-23T20:38:36.807286", uniqueID, uniqueID, "PJSIP/trunk-00000000",
		name, "from-trunk", number, "", exten, "", "", ""}
	for i, f := range fields {
		fields[i] = `"` + strings.ReplaceAll(f, `"`, `""`) + `"`
	}
	return strings.Join(fields, ",") + "\n"
}

func write(t testing.TB, path, content string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(content); err != nil {
		t.Fatal(err)
	}
}

// readAll reads until nothing more is found and gives the unique IDs.
func readAll(t testing.TB, path string, from cel.Bookmark) (ids []string, next cel.Bookmark, damaged int) {
	t.Helper()
	for {
		batch, err := cel.Read(path, from)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range batch.Rows {
			ids = append(ids, row.UniqueID)
		}
		damaged += batch.Damaged
		from = batch.Next
		if !batch.More {
			return ids, from, damaged
		}
	}
}

func TestRowFields(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cel.csv")
	extra := `{"hangupcause":17,"hangupsource":"PJSIP/trunk-1","dialstatus":""}`
	write(t, path, strings.Replace(line(cel.Hangup, "1.0", `a "b", c`, "+34\r\n600", "s"), `"",""`+"\n",
		`"`+cel.Fallback+`","`+strings.ReplaceAll(extra, `"`, `""`)+`"`+"\n", 1))
	batch, err := cel.Read(path, cel.Bookmark{})
	if err != nil {
		t.Fatal(err)
	}
	want := []cel.Row{{Entity: entity, Type: cel.Hangup, Time: time.Date(2026, 11, 23, 20, 38, 36, 807286000, time.UTC),
		UniqueID: "1.0", LinkedID: "1.0", Channel: "PJSIP/trunk-00000000", CallerName: `a "b", c`, CallerNumber: "+34\n600",
		Exten: "s", Context: "from-trunk", UserEvent: cel.Fallback, Extra: extra}}
	if diff := cmp.Diff(want, batch.Rows); diff != "" {
		t.Fatal(diff)
	}
	if row := batch.Rows[0]; row.Cause() != 17 || row.HungUpBy() != "PJSIP/trunk-1" || row.Text() != "" {
		t.Errorf("cause %d, hung up by %q, text %q", row.Cause(), row.HungUpBy(), row.Text())
	}
}

func TestHalfWrittenRowWaits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cel.csv")
	second := line(cel.Answer, "2.0", "", "", "s")
	for cut := range len(second) {
		os.Remove(path)
		write(t, path, line(cel.ChannelStart, "1.0", "", "", "s")+second[:cut])
		ids, next, _ := readAll(t, path, cel.Bookmark{})
		write(t, path, second[cut:])
		rest, _, damaged := readAll(t, path, next)
		if diff := cmp.Diff([]string{"1.0", "2.0"}, append(ids, rest...)); diff != "" || damaged != 0 {
			t.Fatalf("cut at %d: %s, %d damaged", cut, diff, damaged)
		}
	}
}

func TestRowThatWasNeverFinished(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cel.csv")
	torn := line(cel.Answer, "2.0", "Ann", "", "s")
	write(t, path, line(cel.ChannelStart, "1.0", "", "", "s")+torn[:len(torn)/2]+line(cel.Hangup, "3.0", "", "", "s"))
	ids, _, damaged := readAll(t, path, cel.Bookmark{})
	if diff := cmp.Diff([]string{"1.0", "3.0"}, ids); diff != "" || damaged != 1 {
		t.Errorf("%s, %d damaged", diff, damaged)
	}
}

func TestRotation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cel.csv")
	if ids, next, _ := readAll(t, path, cel.Bookmark{}); len(ids) != 0 || next != (cel.Bookmark{}) {
		t.Fatalf("rows %v of a log that is not there, next %+v", ids, next)
	}
	write(t, path, line(cel.ChannelStart, "1.0", "", "", "s"))
	_, next, _ := readAll(t, path, cel.Bookmark{})
	write(t, path, line(cel.ChannelStart, "2.0", "", "", "s"))
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	write(t, path, line(cel.ChannelStart, "3.0", "", "", "s"))
	ids, next, _ := readAll(t, path, next)
	if diff := cmp.Diff([]string{"2.0", "3.0"}, ids); diff != "" {
		t.Error(diff)
	}
	// The rotated file is gone and the new one was emptied.
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	write(t, path, line(cel.Answer, "4", "", "", ""))
	next.Offset += 1000
	if ids, _, _ = readAll(t, path, next); len(ids) != 1 || ids[0] != "4" {
		t.Errorf("after emptying: %v", ids)
	}
}

func TestLongLogIsReadInPieces(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cel.csv")
	var text strings.Builder
	const rows = 20_000 // more than a piece
	for i := range rows {
		text.WriteString(line(cel.ChannelStart, fmt.Sprint(i), "name", "number", "s"))
	}
	write(t, path, text.String())
	ids, _, damaged := readAll(t, path, cel.Bookmark{})
	if len(ids) != rows || ids[rows-1] != fmt.Sprint(rows-1) || damaged != 0 {
		t.Errorf("%d rows, %d damaged", len(ids), damaged)
	}
}

// Whatever callers write, the rows are the ones that were written.
func TestNoCallerForgesARow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cel.csv")
	hostile := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{entity, "CHAN_START", "2026-11-23T20:38:36.807286",
		line(cel.ChannelStart, "forged", "", "", ""), "\n\"" + entity + `","CHAN_END","2026-11-23T20:38:36.8",`, `"`, `","`, "\n", `\"`, ""}))
	rapid.Check(t, func(t *rapid.T) {
		os.Remove(path)
		var want []string
		var text strings.Builder
		for i := range rapid.IntRange(1, 5).Draw(t, "rows") {
			id := fmt.Sprint(i)
			want = append(want, id)
			text.WriteString(line(cel.ChannelStart, id, hostile.Draw(t, "name"), hostile.Draw(t, "number"), hostile.Draw(t, "exten")))
		}
		if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		batch, err := cel.Read(path, cel.Bookmark{})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, row := range batch.Rows {
			got = append(got, row.UniqueID)
		}
		if diff := cmp.Diff(want, got); diff != "" || batch.Damaged != 0 {
			t.Fatalf("%s, %d damaged", diff, batch.Damaged)
		}
	})
}
