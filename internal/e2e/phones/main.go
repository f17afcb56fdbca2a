// Command phones is the telephones of the world for the browser tests: clients
// who call in, and the far end of the trunk for calls out. It does what its
// callers ask over HTTP on loopback, one JSON object per request, and ends with
// its standard input, so that it never outlives the test that started it.
//
// The first line of its output is {"url": …, "trunk": …}: where it listens, and
// the SIP address to start the product with as --trunk.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"time"
)

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// run serves until in ends.
func run(in io.Reader, out io.Writer) error {
	world, err := openWorld()
	if err != nil {
		return err
	}
	defer world.close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: routes(world), ReadHeaderTimeout: 5 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	hello := map[string]string{"url": "http://" + listener.Addr().String(), "trunk": world.trunk.Addr()}
	if err := json.NewEncoder(out).Encode(hello); err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, in) // until whoever started us is gone
	if err := server.Close(); err != nil {
		return err
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func routes(w *world) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /call", handle(w.place))
	mux.Handle("POST /incoming", handle(w.incoming))
	mux.Handle("POST /act", handle(w.act))
	mux.Handle("POST /wait", handle(w.wait))
	return mux
}

// handle is fn as an HTTP handler; its error is the text of a 409.
func handle[I, O any](fn func(context.Context, I) (O, error)) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		var in I
		err := json.NewDecoder(http.MaxBytesReader(rw, r.Body, 64<<10)).Decode(&in)
		var out O
		if err == nil {
			out, err = fn(r.Context(), in)
		}
		if err != nil {
			http.Error(rw, fmt.Sprint(err), http.StatusConflict)
			return
		}
		rw.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(rw).Encode(out); err != nil {
			log.Print(err)
		}
	})
}
