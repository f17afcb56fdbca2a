package lead_test

import (
	"flag"
	"os"
	"testing"
)

// TestMain has properties tried 30 times, not 100, unless told otherwise: every act of theirs is a transaction.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "30"); err != nil {
		panic(err)
	}
	flag.Parse()
	os.Exit(m.Run())
}
