package asterisktest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"centralita/asterisk"
)

// Invite is a call to place. Both parts are put into the request as they are, so that hostile ones
// can be written; a byte sequence that breaks the header breaks the request.
type Invite struct {
	User string // the string dialled
	From string // value of the From header, without a tag; a usual one when empty
}

// Caller is a caller outside: one SIP call from the trunk's address, sending a steady tone.
type Caller struct {
	sip, rtp *net.UDPConn
	from     string // header value without tag
	user     string
	peer     string
	callID   string

	mu     sync.Mutex
	toTag  string
	status chan int      // each status of the INVITE, in order
	ended  chan struct{} // closed by the other side's BYE
	once   sync.Once
	heard  atomic.Int64
	stop   chan struct{}
}

// Call sends the INVITE. The call is ended with the test.
func Call(t testing.TB, config asterisk.Config, invite Invite) *Caller {
	t.Helper()
	listen := func() *net.UDPConn {
		conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			t.Fatal(err)
		}
		return conn
	}
	c := &Caller{sip: listen(), rtp: listen(), user: invite.User, status: make(chan int, 100),
		ended: make(chan struct{}), stop: make(chan struct{}), peer: fmt.Sprintf("127.0.0.1:%d", config.SIPPort)}
	c.callID = fmt.Sprintf("%x", rand.Uint64())
	from := invite.From
	if from == "" {
		from = "<sip:+34600111222@127.0.0.1>"
	}
	c.from = from
	var running sync.WaitGroup
	running.Go(c.receive)
	running.Go(c.listen)
	t.Cleanup(func() {
		c.Hangup()
		close(c.stop)
		c.sip.Close()
		c.rtp.Close()
		running.Wait()
	})
	c.send("INVITE", 1, c.offer())
	return c
}

// CallID is the SIP Call-ID.
func (c *Caller) CallID() string { return c.callID }

// Ended is closed when the other side has hung up an answered call.
func (c *Caller) Ended() <-chan struct{} { return c.ended }

// Heard is the number of audio packets received.
func (c *Caller) Heard() int64 { return c.heard.Load() }

// Wait takes statuses of the INVITE until one is at least as high as status, and gives it.
func (c *Caller) Wait(t testing.TB, status int, limit time.Duration) int {
	t.Helper()
	deadline := time.After(limit)
	for {
		select {
		case got := <-c.status:
			if got >= status {
				return got
			}
		case <-deadline:
			t.Fatalf("no SIP status %d or above within %v", status, limit)
		}
	}
}

// Hangup ends the call: BYE when it was answered, CANCEL before.
func (c *Caller) Hangup() {
	c.mu.Lock()
	answered := c.toTag != ""
	c.mu.Unlock()
	if answered {
		c.send("BYE", 2, "")
		return
	}
	c.send("CANCEL", 1, "")
}

func (c *Caller) offer() string {
	return fmt.Sprintf("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"+
		"m=audio %d RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n",
		c.rtp.LocalAddr().(*net.UDPAddr).Port)
}

// send writes one request of the dialogue.
func (c *Caller) send(method string, cseq int, body string) {
	c.mu.Lock()
	tag := c.toTag
	c.mu.Unlock()
	if tag != "" {
		tag = ";tag=" + tag
	}
	branch := c.callID
	if method == "BYE" || method == "ACK" {
		branch += method
	}
	var m bytes.Buffer
	fmt.Fprintf(&m, "%s sip:%s@%s SIP/2.0\r\n", method, c.user, c.peer)
	fmt.Fprintf(&m, "Via: SIP/2.0/UDP %s;rport;branch=z9hG4bK%s\r\n", c.sip.LocalAddr(), branch)
	fmt.Fprintf(&m, "Max-Forwards: 70\r\nFrom: %s;tag=%s\r\n", c.from, c.callID)
	fmt.Fprintf(&m, "To: <sip:%s@%s>%s\r\nCall-ID: %s\r\nCSeq: %d %s\r\n", c.user, c.peer, tag, c.callID, cseq, method)
	fmt.Fprintf(&m, "Contact: <sip:caller@%s>\r\n", c.sip.LocalAddr())
	if body != "" {
		m.WriteString("Content-Type: application/sdp\r\n")
	}
	fmt.Fprintf(&m, "Content-Length: %d\r\n\r\n%s", len(body), body)
	c.write(m.Bytes())
}

func (c *Caller) write(message []byte) {
	to, err := net.ResolveUDPAddr("udp", c.peer)
	if err == nil {
		_, _ = c.sip.WriteToUDP(message, to) // lost datagrams show as statuses that do not come
	}
}

var (
	cseqLine  = regexp.MustCompile(`(?mi)^CSeq:\s*\d+\s+(\w+)`)
	toTagLine = regexp.MustCompile(`(?mi)^To:.*;tag=([^;\s]+)`)
	mediaLine = regexp.MustCompile(`(?m)^m=audio (\d+)`)
	headers   = regexp.MustCompile(`(?mi)^(Via|From|To|Call-ID|CSeq):.*\r\n`)
)

// receive handles what Asterisk sends.
func (c *Caller) receive() {
	buffer := make([]byte, 64<<10)
	for {
		n, err := c.sip.Read(buffer)
		if err != nil {
			return
		}
		message := string(buffer[:n])
		if !strings.HasPrefix(message, "SIP/2.0 ") {
			c.request(message)
			continue
		}
		status, _ := strconv.Atoi(message[8:11])
		if method := cseqLine.FindStringSubmatch(message); method != nil && method[1] == "INVITE" {
			c.response(status, message)
		}
	}
}

// response handles an answer to the INVITE.
func (c *Caller) response(status int, message string) {
	if status >= 200 {
		c.mu.Lock()
		first := c.toTag == ""
		if tag := toTagLine.FindStringSubmatch(message); tag != nil {
			c.toTag = tag[1]
		}
		c.mu.Unlock()
		c.send("ACK", 1, "")
		if !first {
			return
		}
		if port := mediaLine.FindStringSubmatch(message); port != nil && status == 200 {
			go c.talk(port[1])
		}
	}
	c.status <- status
}

// request handles what Asterisk asks within the call.
func (c *Caller) request(message string) {
	if strings.HasPrefix(message, "ACK") {
		return
	}
	kept := strings.Join(headers.FindAllString(message, -1), "")
	c.write([]byte("SIP/2.0 200 OK\r\n" + kept + "Content-Length: 0\r\n\r\n"))
	if strings.HasPrefix(message, "BYE") {
		c.once.Do(func() { close(c.ended) })
	}
}

func (c *Caller) listen() {
	buffer := make([]byte, 2048)
	for {
		if _, err := c.rtp.Read(buffer); err != nil {
			return
		}
		c.heard.Add(1)
	}
}

// talk sends 20 ms packets of a 500 Hz square tone in µ-law until the call is over.
func (c *Caller) talk(port string) {
	to, err := net.ResolveUDPAddr("udp", "127.0.0.1:"+port)
	if err != nil {
		return
	}
	packet := make([]byte, 12+160)
	packet[0] = 0x80
	for i := range 160 {
		packet[12+i] = 0x90
		if i/8%2 == 1 {
			packet[12+i] = 0x10
		}
	}
	ticks := time.NewTicker(20 * time.Millisecond)
	defer ticks.Stop()
	for n := uint32(0); ; n++ {
		select {
		case <-c.stop:
			return
		case <-c.ended:
			return
		case <-ticks.C:
		}
		binary.BigEndian.PutUint16(packet[2:], uint16(n))
		binary.BigEndian.PutUint32(packet[4:], n*160)
		if _, err := c.rtp.WriteToUDP(packet, to); err != nil {
			return
		}
	}
}
