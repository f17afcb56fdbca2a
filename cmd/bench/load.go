package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// side is one end of a comparison over HTTP. request writes the i-th request,
// complete with its head; it must not use more processor than it has to, because
// it shares the machine with what it measures.
type side struct {
	addr    string // host:port
	status  int    // that of success
	request func(i int) []byte
}

// race lets two sides answer in turn, a second each, and returns what each did.
// Every side gets requests of its own.
func race(ctx context.Context, a, b side, conns, rounds int) (sa, sb stats, err error) {
	samples, spent := [2]sample{}, [2]time.Duration{}
	var next atomic.Int64
	for round := range rounds {
		order := []int{0, 1}
		if round%2 == 1 {
			order = []int{1, 0}
		}
		for _, who := range order {
			s, took, err := press(ctx, []side{a, b}[who], conns, time.Second, &next)
			if err != nil {
				return sa, sb, err
			}
			samples[who].join(s)
			spent[who] += took
		}
	}
	out := [2]stats{}
	for i := range out {
		out[i] = samples[i].stats()
		out[i].PerSecond = float64(out[i].N) / spent[i].Seconds()
	}
	return out[0], out[1], nil
}

// press sends requests over so many connections for d, each connection one
// after another.
func press(ctx context.Context, s side, conns int, d time.Duration, next *atomic.Int64) (sample, time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	results, errs := make([]sample, conns), make([]error, conns)
	var all sync.WaitGroup
	began := time.Now()
	for i := range conns {
		all.Go(func() { results[i], errs[i] = pressOne(ctx, s, next) })
	}
	all.Wait()
	took := time.Since(began)
	var total sample
	for _, r := range results {
		total.join(r)
	}
	return total, took, errors.Join(errs...)
}

func pressOne(ctx context.Context, s side, next *atomic.Int64) (out sample, err error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", s.addr)
	if err != nil {
		return out, err
	}
	defer conn.Close()
	r := bufio.NewReader(conn)
	for ctx.Err() == nil {
		request := s.request(int(next.Add(1)))
		began := time.Now()
		if err := conn.SetDeadline(began.Add(10 * time.Second)); err != nil {
			return out, err
		}
		status, err := exchange(conn, r, request)
		if err != nil {
			return out, fmt.Errorf("%s: %w", s.addr, err)
		}
		if status != s.status {
			out.failures++
			continue
		}
		out.add(time.Since(began))
	}
	return out, nil
}

// exchange sends a request and reads the answer whole.
func exchange(conn net.Conn, r *bufio.Reader, request []byte) (status int, err error) {
	status, _, err = exchangeBody(conn, r, request)
	return status, err
}

// exchangeBody is exchange for one who wants the answer's body.
func exchangeBody(conn net.Conn, r *bufio.Reader, request []byte) (status int, body []byte, err error) {
	if _, err := conn.Write(request); err != nil {
		return 0, nil, err
	}
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	return resp.StatusCode, body, err
}
