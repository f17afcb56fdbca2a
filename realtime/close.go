package realtime

// CloseCode is the websocket close code that a socket ends with.
type CloseCode int

// The codes in use. After CloseTooManyTabs a client comes back only when the
// person looks at that tab, after CloseSessionEnded only through the login;
// after all others, and after an end without any code, it comes back by itself
// and resumes.
const (
	CloseGoingAway    CloseCode = 1001 // the server stops
	CloseUnsupported  CloseCode = 1003 // a binary message
	CloseInvalid      CloseCode = 1007 // not a frame of the protocol
	ClosePolicy       CloseCode = 1008 // no hello in time, a second hello, too many frames
	CloseTooBig       CloseCode = 1009 // a message over MaxInboundBytes
	CloseTryAgain     CloseCode = 1013 // the position cannot be read now
	CloseSlowReader   CloseCode = 4001 // more piled up than is held for one socket
	CloseTooManyTabs  CloseCode = 4002 // the user's oldest socket made room for a new one
	CloseSessionEnded CloseCode = 4003 // the session is over
)

var closeReasons = map[CloseCode]string{
	CloseGoingAway: "server stops", CloseUnsupported: "text only", CloseInvalid: "invalid frame",
	ClosePolicy: "protocol broken", CloseTooBig: "frame too large", CloseTryAgain: "try again",
	CloseSlowReader: "slow reader", CloseTooManyTabs: "too many tabs", CloseSessionEnded: "session ended",
}

// Reason is a short fixed text for the close frame.
func (c CloseCode) Reason() string { return closeReasons[c] }
