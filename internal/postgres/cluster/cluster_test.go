package cluster_test

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"centralita/internal/postgres/cluster"
)

// private returns a cluster on a free port in a directory that the server's
// user can reach.
func private(t *testing.T) *cluster.Cluster {
	t.Helper()
	bin, err := cluster.Find()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "centralita-cluster-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return &cluster.Cluster{
		Bin: bin, Dir: filepath.Join(dir, "pg", "data"), Port: l.Addr().(*net.TCPAddr).Port, Password: "it's a secret",
		Settings: map[string]string{"shared_buffers": "16MB", "fsync": "off"},
	}
}

// answer asks the server one question.
func answer(t *testing.T, url, question string) (string, error) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		return "", err
	}
	defer conn.Close(t.Context())
	var text string
	err = conn.QueryRow(t.Context(), question).Scan(&text)
	return text, err
}

func TestAClusterIsMadeGuardedAndHealed(t *testing.T) {
	c := private(t)
	if err := os.MkdirAll(c.Dir+".new/half", 0o700); err != nil { // an interrupted Init
		t.Fatal(err)
	}
	for range 2 { // the second time it is there
		if err := c.Init(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.StartBackground(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := c.CreateDatabase(t.Context(), "firm"); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := answer(t, c.URL("firm"), "SHOW data_checksums"); err != nil || got != "on" {
		t.Errorf("%q %v", got, err)
	}
	if _, err := answer(t, strings.Replace(c.URL("firm"), "secret", "guess", 1), "SELECT 'in'"); err == nil {
		t.Error("a wrong password signs in")
	}
	if err := c.Heal(t.Context()); err != nil { // stops what nobody supervises
		t.Fatal(err)
	}
	if _, err := answer(t, c.URL("firm"), "SELECT 'up'"); err == nil {
		t.Error("it still answers after Heal")
	}

	stale := filepath.Join(c.Dir, "postmaster.pid")
	if err := os.WriteFile(stale, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := c.StartBackground(t.Context()); err != nil { // the number is somebody else's: this test's
		t.Fatal(err)
	}
	if got, err := answer(t, c.URL("firm"), "SELECT 'up'"); err != nil || got != "up" {
		t.Errorf("%q %v", got, err)
	}
	if err := c.StopBackground(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(c.Dir + ".pw"); err == nil {
		t.Error("the password's file was left")
	}
}

func TestDataOfAnotherVersionAreRefused(t *testing.T) {
	c := private(t)
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(c.Dir, "PG_VERSION"), []byte("9.6\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := c.Init(t.Context()); err == nil || !strings.Contains(err.Error(), "9.6") {
		t.Errorf("err = %v", err)
	}
}

func TestABinaryDirectoryThatIsNoneIsSaid(t *testing.T) {
	t.Setenv("CENTRALITA_PG_BIN", t.TempDir())
	if _, err := cluster.Find(); err == nil {
		t.Error("found a server in an empty directory")
	}
}
