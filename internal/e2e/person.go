package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// Person is somebody signed in: an API client with the cookie of a session.
type Person struct {
	p       *Product
	ID      int64
	Name    string
	Login   string
	Account Account
	base    string
	client  *http.Client
}

// Account is somebody's phone as GET /session tells it.
type Account struct {
	Kind, URI, User, Password string
}

// Answer is what the API said.
type Answer struct {
	Status int
	Code   string // of the problem, if it is one
	Body   []byte
	Header http.Header
}

// String shows the answer in a failure.
func (a Answer) String() string { return fmt.Sprintf("%d %s", a.Status, a.Body) }

// SignIn opens a session.
func (p *Product) SignIn(login, password string) *Person {
	p.t.Helper()
	return p.signInAt(p.State().HTTP, login, password)
}

func (p *Product) signInAt(base, login, password string) *Person {
	p.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	u := &Person{p: p, base: base, Login: login, client: &http.Client{Jar: jar, Timeout: 30 * time.Second}}
	var me struct {
		User struct {
			ID   int64
			Name string
		}
		Phone Account
	}
	// A server that has just been killed answers again soon.
	p.eventually(time.Minute, login+" signs in", func() error {
		a, err := u.Try("POST", "/session", map[string]string{"login": login, "password": password})
		if err == nil && a.Status != http.StatusOK {
			err = fmt.Errorf("%s", a)
		}
		if err == nil {
			err = json.Unmarshal(a.Body, &me)
		}
		return err
	})
	u.ID, u.Name, u.Account = me.User.ID, me.User.Name, me.Phone
	return u
}

// Stranger is an API client without a session.
func (p *Product) Stranger() *Person {
	p.t.Helper()
	return &Person{p: p, base: p.State().HTTP, client: &http.Client{Timeout: 30 * time.Second}}
}

// As returns somebody of a role, signed in once per instance.
func (p *Product) As(role string) *Person {
	p.t.Helper()
	p.roles.Lock() // while one signs in, others wait for him
	defer p.roles.Unlock()
	u := p.people[role]
	if u == nil {
		u = p.signInRole(role)
		p.people[role] = u
	}
	mine := *u
	mine.p = p
	return &mine
}

// signInRole takes the demo user of a role or, on an instance without demo data, adds one from the command line.
func (p *Product) signInRole(role string) *Person {
	p.t.Helper()
	for _, l := range p.State().Logins {
		if l.Role == role {
			return p.SignIn(l.Login, l.Password)
		}
	}
	cmd := exec.Command(p.bin, "user", "add", "--data", p.dir, "--roles", role, "the-"+role)
	cmd.Stdin = strings.NewReader(agentPassword + "\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		p.t.Fatalf("user add: %v\n%s", err, out)
	}
	return p.SignIn("the-"+role, agentPassword)
}

// Try sends a request to /api + path, with body as JSON unless it is nil.
func (u *Person) Try(method, path string, body any, header ...string) (Answer, error) {
	var in io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return Answer{}, err
		}
		in = bytes.NewReader(text)
	}
	req, err := http.NewRequest(method, u.base+"/api"+path, in)
	if err != nil {
		return Answer{}, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Origin", u.base)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := u.client.Do(req)
	if err != nil {
		return Answer{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return Answer{}, err
	}
	a := Answer{Status: resp.StatusCode, Body: text, Header: resp.Header}
	var problem struct{ Code string }
	if resp.StatusCode >= 400 && json.Unmarshal(text, &problem) == nil {
		a.Code = problem.Code
	}
	return a, nil
}

// Ask is Try that fails the test when there is no answer.
func (u *Person) Ask(method, path string, body any, header ...string) Answer {
	u.p.t.Helper()
	a, err := u.Try(method, path, body, header...)
	if err != nil {
		u.p.t.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

// Get reads path into a T.
func Get[T any](u *Person, path string) T {
	u.p.t.Helper()
	return want[T](u.p.t, "GET "+path, u.Ask("GET", path, nil))
}

// Do sends body and reads the answer into a T; anything but success fails the test.
func Do[T any](u *Person, method, path string, body any) T {
	u.p.t.Helper()
	return want[T](u.p.t, method+" "+path, u.Ask(method, path, body))
}

func want[T any](t testing.TB, what string, a Answer) T {
	t.Helper()
	var v T
	if a.Status >= 300 {
		t.Fatalf("%s: %s", what, a)
	}
	if len(a.Body) == 0 {
		return v
	}
	if err := json.Unmarshal(a.Body, &v); err != nil {
		t.Fatalf("%s: %v: %s", what, err, a.Body)
	}
	return v
}

// get asks the server without a session.
func (p *Product) get(path string) (int, []byte, error) {
	client := &http.Client{Timeout: 10 * time.Second}
	resp, err := client.Get(p.State().HTTP + path)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, text, err
}
