package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/gorilla/websocket"
)

// session is one who has signed in at the product.
type session struct {
	base   string // URL of the product
	cookie string // Cookie header
}

// signIn signs in over the API, as the login screen does; again when the server
// has too many passwords to check at once.
func (w *world) signIn(ctx context.Context, login string) (s session, err error) {
	err = within(ctx, startLimit, func() error {
		s, err = w.trySignIn(ctx, login)
		return err
	})
	return s, err
}

func (w *world) trySignIn(ctx context.Context, login string) (session, error) {
	s := session{base: w.state.HTTP}
	body, err := json.Marshal(map[string]string{"login": login, "password": password})
	if err != nil {
		return s, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.base+"/api/session", bytes.NewReader(body))
	if err != nil {
		return s, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Origin", s.base)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return s, err
	}
	defer resp.Body.Close()
	for _, c := range resp.Cookies() {
		s.cookie = c.Name + "=" + c.Value
	}
	if resp.StatusCode != http.StatusOK || s.cookie == "" {
		said, readErr := io.ReadAll(io.LimitReader(resp.Body, 500))
		err := errors.Join(fmt.Errorf("sign in as %s: %s %s", login, resp.Status, said), readErr)
		if resp.StatusCode == http.StatusServiceUnavailable {
			return s, err
		}
		return s, final{err}
	}
	return s, nil
}

// live opens the live socket and says hello.
func (s session) live(ctx context.Context) (*websocket.Conn, error) {
	header := http.Header{"Cookie": {s.cookie}, "Origin": {s.base}}
	conn, resp, err := websocket.DefaultDialer.DialContext(ctx, strings.Replace(s.base, "http", "ws", 1)+"/api/live", header)
	if err != nil {
		if resp != nil {
			err = fmt.Errorf("%w: %s", err, resp.Status)
		}
		return nil, fmt.Errorf("live socket: %w", err)
	}
	if err := conn.WriteMessage(websocket.TextMessage, []byte(`{"t":"hello","epoch":"","seq":0}`)); err != nil {
		return nil, err
	}
	_, welcome, err := conn.ReadMessage()
	if err != nil || !bytes.Contains(welcome, []byte(`"welcome"`)) {
		return nil, errors.Join(fmt.Errorf("live socket: no welcome: %s", welcome), err)
	}
	return conn, nil
}

// get asks the API and decodes the answer into out.
func (s session) get(ctx context.Context, path string, out any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+path, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Cookie", s.cookie)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", path, resp.Status)
	}
	return json.NewDecoder(resp.Body).Decode(out)
}
