package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// measureBase measures work with the whole client base as the screens do it, with session, scope and log: a card with
// everything that its first look loads, search while somebody types, a narrowed and sorted list on any page, a
// segment's count, and new clients.
func measureBase(ctx context.Context, w *world, r *report) error {
	s, err := w.signIn(ctx, agentLogin(1))
	if err != nil {
		return err
	}
	c, err := dialAPI(ctx, s)
	if err != nil {
		return err
	}
	defer c.close()
	for _, part := range []struct {
		figure  string
		count   int
		request func(i int) []string // paths of GET, or "path body" of POST
		verdict func(stats) []target
	}{
		{"full card as the screen loads it, 1 connection", 20 * w.paints, w.card, func(s stats) []target {
			return []target{atMost("p50 ms", s.P50, 10), atMost("p99 ms", s.P99, 30)}
		}},
		{"search as you type", 10 * w.paints, typing, func(s stats) []target { return []target{atMost("p95 ms", s.P95, 100)} }},
		{"list with three filters and a sort, any page", 5 * w.paints, c.pages(), func(s stats) []target { return []target{atMost("p95 ms", s.P95, 100)} }},
		{"segment count over the whole base", w.paints / 4, segment, func(s stats) []target { return []target{atMost("max ms", s.Max, 1000)} }},
	} {
		sample, err := c.sample(ctx, part.count, part.request)
		if err != nil {
			return fmt.Errorf("%s: %w", part.figure, err)
		}
		ours := sample.stats()
		r.add(figure{Figure: part.figure, Ours: ours, Verdict: append(part.verdict(ours), atMost("failed", float64(ours.Failures), 0))})
	}
	return w.measureNewClients(ctx, r, s)
}

// someone is the i-th of clients drawn from all over the base.
func (w *world) someone(i int) int { return (i*7919)%w.clients + 1 }

// card is what the first look at a card asks for.
func (w *world) card(i int) []string {
	id := w.someone(i)
	return []string{
		fmt.Sprintf("/api/clients/%d/card", id), fmt.Sprintf("/api/clients/%d/timeline?limit=100", id),
		fmt.Sprintf("/api/leads?client_id=%d", id), fmt.Sprintf("/api/reminders?client_id=%d", id),
		fmt.Sprintf("/api/clients/%d/merges", id), "/api/sections",
	}
}

// typed are names and numbers as people write them: with errors, in other alphabets, the words in any order.
var typed = []string{"garcia ana", "ivanova olga", "петров иван", "smit jon", "sanches", "torres luis", "600 12 34", "jonse mary", "romero carmen", "ana lop"}

// typing is one of typed, letter by letter from the third on.
func typing(i int) []string {
	text := []rune(typed[i/8%len(typed)])
	text = text[:min(len(text), 3+i%8)]
	return []string{"/api/search?q=" + strings.ReplaceAll(string(text), " ", "%20")}
}

// narrowed is a list of three conditions.
func narrowed(user int) string {
	return fmt.Sprintf(`{"all":[{"field":"responsible","op":"is","value":[%d]},{"field":"name","op":"contains","value":"garcia"},{"field":"silence","op":"not_last","value":30}]}`, user)
}

// pages goes from page to page of narrowed lists, each sorted by name.
func (c *apiConn) pages() func(i int) []string {
	return func(i int) []string {
		var last struct{ Next string }
		if i%20 == 0 || json.Unmarshal(c.body, &last) != nil {
			last.Next = ""
		}
		cursor, err := json.Marshal(last.Next)
		if err != nil {
			panic(err) // a string has a JSON form
		}
		return []string{fmt.Sprintf(`/api/clients/table {"filter":%s,"sort":"name","limit":50,"columns":["phone","responsible","last_contact","open_leads"],"cursor":%s}`, narrowed(2+i/20%agents), cursor)}
	}
}

// segment counts whom nobody has spoken to for a while.
func segment(i int) []string {
	return []string{fmt.Sprintf(`/api/clients/count {"exact":true,"filter":{"all":[{"field":"silence","op":"not_last","value":%d},{"field":"kind","op":"is","value":["person"]}]}}`, 200+i)}
}

// apiConn is one connection to the API.
type apiConn struct {
	s    session
	conn net.Conn
	r    *bufio.Reader
	body []byte // of the last answer
}

func dialAPI(ctx context.Context, s session) (*apiConn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", strings.TrimPrefix(s.base, "http://"))
	if err != nil {
		return nil, err
	}
	return &apiConn{s: s, conn: conn, r: bufio.NewReader(conn)}, nil
}

func (c *apiConn) close() { c.conn.Close() }

// sample takes count times the requests that request names, one after another; the first tenth does not count.
func (c *apiConn) sample(ctx context.Context, count int, request func(i int) []string) (out sample, err error) {
	warm := count / 10
	for i := range count + warm {
		if ctx.Err() != nil {
			return out, ctx.Err()
		}
		asked := request(i)
		began, ok := time.Now(), true
		for _, what := range asked {
			status, err := c.ask(what)
			if err != nil {
				return out, err
			}
			ok = ok && status == http.StatusOK
		}
		switch {
		case i < warm:
		case ok:
			out.add(time.Since(began))
		default:
			out.failures++
		}
	}
	return out, nil
}

// ask sends one request, "path" or "path body", and keeps the answer.
func (c *apiConn) ask(what string) (status int, err error) {
	path, body, post := strings.Cut(what, " ")
	head := "GET " + path + " HTTP/1.1\r\n"
	if post {
		head = fmt.Sprintf("POST %s HTTP/1.1\r\nOrigin: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n", path, c.s.base, len(body))
	}
	if err := c.conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return 0, err
	}
	request := fmt.Appendf(nil, "%sHost: %s\r\nCookie: %s\r\n\r\n%s", head, strings.TrimPrefix(c.s.base, "http://"), c.s.cookie, body)
	status, c.body, err = exchangeBody(c.conn, c.r, request)
	return status, err
}

// measureNewClients compares a client created through the API, with his number, its readings, history and log, with
// one INSERT … RETURNING in a bare handler.
func (w *world) measureNewClients(ctx context.Context, r *report, s session) error {
	host := strings.TrimPrefix(s.base, "http://")
	var made atomic.Int64
	post := func(head string) func(int) []byte {
		return func(int) []byte {
			n := made.Add(1)
			b := fmt.Sprintf(`{"kind":"person","name":"New Client %d","contact_points":[{"kind":"phone","raw":"+3492%07d"}]}`, n, n)
			return fmt.Appendf(nil, "%sContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", head, len(b), b)
		}
	}
	api := side{host, http.StatusCreated, post(fmt.Sprintf("POST /api/clients HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\nOrigin: %s\r\n", host, s.cookie, s.base))}
	bare := side{peerAddr, http.StatusCreated, post(fmt.Sprintf("POST /clients HTTP/1.1\r\nHost: %s\r\n", peerAddr))}
	return compare(ctx, w, r, "client created with number, history and log", "bare handler, one INSERT", api, bare, 0.4)
}
