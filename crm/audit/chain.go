package audit

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// The chain. Entry number n has the hash
//
//	SHA-256(tag, hash of n-1, n, id, at, user, session, action, entity, entity id, request, digest)
//
// where numbers are 8 bytes big-endian, texts are preceded by their length, at is
// in microseconds since 1970, and
//
//	digest = HMAC-SHA-256(salt, before, after, ip)
//
// The texts, which may hold what is known of a person, are in the chain by a keyed
// hash alone. An erasure removes the texts and the salt and keeps the digest: the
// chain holds, and nobody can find out by trying what was there.

const chainTag = "centralita audit chain 1\n"

// hashSize is the size of a link of the chain, in bytes.
const hashSize = sha256.Size

// saltSize is the size of a digest's key, in bytes.
const saltSize = 16

// link is one entry with its place in the chain; before and after are nil where
// there is none.
type link struct {
	seq, id       int64
	at            time.Time
	user, session int64
	action        string
	entity        string
	entityID      int64
	before, after *string
	ip, request   string

	salt, digest, hash []byte
}

// seal returns the digest of l's texts.
func (l *link) seal() []byte {
	mac := hmac.New(sha256.New, l.salt)
	var b []byte
	b = appendOptional(b, l.before)
	b = appendOptional(b, l.after)
	b = appendText(b, l.ip)
	mac.Write(b)
	return mac.Sum(nil)
}

// after returns the hash of l behind previous; a digest that is kept stands for
// texts that were erased.
func (l *link) follow(previous []byte) []byte {
	digest := l.digest
	if digest == nil {
		digest = l.seal()
	}
	b := make([]byte, 0, 256)
	b = append(b, chainTag...)
	b = append(b, previous...)
	for _, n := range []int64{l.seq, l.id, l.at.UnixMicro(), l.user, l.session} {
		b = binary.BigEndian.AppendUint64(b, uint64(n)) //nolint:gosec // the bits, not the value
	}
	b = appendText(b, l.action)
	b = appendText(b, l.entity)
	b = binary.BigEndian.AppendUint64(b, uint64(l.entityID)) //nolint:gosec // the bits, not the value
	b = appendText(b, l.request)
	b = append(b, digest...)
	sum := sha256.Sum256(b)
	return sum[:]
}

func appendText(b []byte, s string) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(len(s)))
	return append(b, s...)
}

// appendOptional tells nothing from an empty text.
func appendOptional(b []byte, s *string) []byte {
	if s == nil {
		return append(b, 0)
	}
	return appendText(append(b, 1), *s)
}

// origin is the hash before the first entry.
var origin = make([]byte, hashSize)
