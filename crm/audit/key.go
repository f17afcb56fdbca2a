package audit

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// KeyFile is the key that signs, in the directory of the checkpoints. It never
// leaves it.
const KeyFile = "audit.key"

// publicExt ends the names of the public keys of all that have signed.
const publicExt = ".pub"

// key signs checkpoints. Its name is the beginning of its public half's SHA-256.
type key struct {
	private ed25519.PrivateKey
	name    string
}

func keyName(public ed25519.PublicKey) string {
	sum := sha256.Sum256(public)
	return hex.EncodeToString(sum[:8])
}

// loadKey reads the key in dir, or makes one.
func loadKey(dir string) (key, error) {
	path := filepath.Join(dir, KeyFile)
	if err := keptSecret(path); errors.Is(err, fs.ErrNotExist) {
		return newKey(dir, path)
	} else if err != nil {
		return key{}, err
	}
	k, err := readKey(path)
	if err != nil {
		return key{}, err
	}
	public, _ := k.private.Public().(ed25519.PublicKey)
	return k, publish(dir, public)
}

func readKey(path string) (key, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return key{}, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return key{}, fmt.Errorf("%s holds no key", path)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return key{}, fmt.Errorf("%s: %w", path, err)
	}
	private, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return key{}, fmt.Errorf("%s: not an Ed25519 key", path)
	}
	public, _ := private.Public().(ed25519.PublicKey)
	return key{private, keyName(public)}, nil
}

func newKey(dir, path string) (key, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return key{}, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return key{}, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return key{}, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if err := writeNew(path, text, 0o600); err != nil {
		return key{}, err
	}
	return key{private, keyName(public)}, publish(dir, public)
}

// publish keeps the public half beside the checkpoints, so that a copy of these
// can be verified without the secret.
func publish(dir string, public ed25519.PublicKey) error {
	path := filepath.Join(dir, keyName(public)+publicExt)
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return err
	}
	return writeNew(path, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), 0o644)
}

// writeNew writes a file that does not exist yet, and has it on disk when it returns.
func writeNew(path string, text []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Sync(), f.Close(), syncDir(filepath.Dir(path)))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// errOpenKey is a key that others than its owner can read.
var errOpenKey = errors.New("others can read the key of the log; chmod 600 it, or replace it")

func keptSecret(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("%s: %w", path, errOpenKey)
	}
	return nil
}

// publicKeys reads the public keys in dir, by name.
func publicKeys(dir string) (map[string]ed25519.PublicKey, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*"+publicExt))
	if err != nil {
		return nil, err
	}
	keys := map[string]ed25519.PublicKey{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		block, _ := pem.Decode(text)
		if block == nil {
			return nil, fmt.Errorf("%s holds no key", path)
		}
		parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if public, ok := parsed.(ed25519.PublicKey); ok && keyName(public) == strings.TrimSuffix(filepath.Base(path), publicExt) {
			keys[keyName(public)] = public
		}
	}
	return keys, nil
}
