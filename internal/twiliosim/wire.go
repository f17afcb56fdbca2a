package twiliosim

import (
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"strconv"
)

// reply writes a JSON body.
func reply(w http.ResponseWriter, status int, text []byte) {
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	if _, err := w.Write(text); err != nil {
		slog.Debug("loopback twilio: reply not delivered", "error", err)
	}
}

// replyValue writes v as a JSON body.
func replyValue(w http.ResponseWriter, status int, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	reply(w, status, text)
}

// refuse answers with the API's error body.
func (s *Server) refuse(w http.ResponseWriter, r refusal) {
	replyValue(w, r.status, map[string]any{
		"code": r.code, "message": r.message, "status": r.status,
		"more_info": "https://www.twilio.com/docs/errors/" + strconv.Itoa(r.code),
	})
}

// reset ends the connection with a TCP reset instead of a reply.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		if err := tcp.SetLinger(0); err != nil {
			slog.Debug("loopback twilio: linger", "error", err)
		}
	}
	hangUp(conn)
}

// truncate promises the whole body and breaks off after two thirds of it.
func truncate(w http.ResponseWriter, text []byte) {
	conn, out, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	head := "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: " + strconv.Itoa(len(text)) + "\r\n\r\n"
	for _, part := range [][]byte{[]byte(head), text[:len(text)*2/3]} {
		if _, err := out.Write(part); err != nil {
			slog.Debug("loopback twilio: truncated reply", "error", err)
		}
	}
	if err := out.Flush(); err != nil {
		slog.Debug("loopback twilio: truncated reply", "error", err)
	}
	hangUp(conn)
}

func hangUp(conn net.Conn) {
	if err := conn.Close(); err != nil {
		slog.Debug("loopback twilio: close", "error", err)
	}
}
