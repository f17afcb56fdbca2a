package siptest_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"centralita/internal/siptest"
)

func TestLoadPlacesMixedCallsAndTheJournalHasThemAll(t *testing.T) {
	theirs, ours := siptest.NewJournal(), siptest.NewJournal()
	phone := open(t, siptest.Config{Script: siptest.AnswerAfter(300 * time.Millisecond), Journal: theirs})
	caller := open(t, siptest.Config{Server: phone.Addr(), Journal: ours})
	load := siptest.Load{
		Count: 30, PerSecond: 30, Seed: 7, To: "1",
		Kinds: []siptest.Kind{siptest.HangUpRinging(100 * time.Millisecond), siptest.Talk(10*time.Second, 100*time.Millisecond), siptest.Brief(20 * time.Millisecond)},
	}
	records, err := load.Run(deadline(t), caller)
	if err != nil || len(records) != 30 {
		t.Fatalf("%d records: %v", len(records), err)
	}
	kinds := map[string]int{}
	for _, r := range records {
		kinds[r.Kind]++
		if !r.Heeded() || !r.Over || r.End.By != siptest.Local || (r.Kind == "talk") == r.Answered.IsZero() {
			t.Errorf("record: %+v", r)
		}
	}
	if len(kinds) != 3 {
		t.Errorf("kinds: %v", kinds)
	}
	if a, b := len(ours.Records()), len(theirs.Records()); a != 30 || b != 30 {
		t.Errorf("journals hold %d and %d calls", a, b)
	}
	var out bytes.Buffer
	if err := ours.WriteJSON(&out); err != nil || strings.Count(out.String(), "\n") != 30 {
		t.Errorf("journal as JSON: %v\n%s", err, out.String())
	}
}

func TestLoadEndsWithItsLimit(t *testing.T) {
	phone := open(t, siptest.Config{})
	records, err := siptest.Load{
		Count: 1000, PerSecond: 10, To: "1", Limit: 500 * time.Millisecond,
		Kinds: []siptest.Kind{siptest.Talk(time.Minute, time.Minute)},
	}.Run(deadline(t), open(t, siptest.Config{Server: phone.Addr()}))
	if err == nil || len(records) == 0 || len(records) > 7 {
		t.Fatalf("%d records: %v", len(records), err)
	}
	for _, r := range records {
		if r.End.How != siptest.Cancelled {
			t.Errorf("call left as %v", r.End)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (siptest.Load{Count: 1, PerSecond: 1}).Run(ctx, phone); err == nil {
		t.Error("a load that was stopped before its first call succeeded")
	}
}
