package lead_test

import (
	"flag"
	"os"
	"testing"
)

// TestMain has properties tried 15 times, not 100, unless told otherwise: every act of theirs is a transaction.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "15"); err != nil {
		panic(err)
	}
	flag.Parse()
	os.Exit(m.Run())
}
