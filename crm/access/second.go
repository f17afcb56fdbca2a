package access

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"fmt"
	"image/png"
	"slices"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"centralita/internal/fault"
)

// recoveryCodes is how many a user gets at once, each good for one time.
const recoveryCodes = 10

// stepSeconds is how long a code is shown; one step to either side is taken, too.
const stepSeconds = 30

var (
	errBadCode     = fault.New(fault.Unauthenticated, "bad_code", "This code is wrong or was used already. Wait for the next one.")
	errCodeNeeded  = fault.New(fault.Unauthenticated, "code_required", "Enter the code of your second factor.")
	errHasSecond   = fault.New(fault.Conflict, "second_factor_exists", "A second factor is set up already.")
	errNoSecond    = fault.New(fault.Conflict, "second_factor_missing", "No second factor is set up.")
	errWrongCode   = fault.New(fault.Invalid, "bad_code", "This code is wrong or was used already. Wait for the next one.").WithField("body.code", "wrong")
	errWrongSecret = fault.New(fault.Invalid, "bad_credentials", "The password is wrong.").WithField("body.password", "wrong")
)

// Enrolment is what an authenticator app needs: by camera, or typed.
type Enrolment struct {
	Secret string `json:"secret" doc:"base32, for typing"`
	URI    string `json:"uri" doc:"otpauth://, as in the picture"`
	Image  string `json:"image" doc:"the QR code as a data: URL"`
}

// second is a user's second factor as it is stored.
type second struct {
	Login     string
	Secret    string
	Confirmed bool
	Step      int64
}

// BeginSecondFactor makes a new secret for the actor. It counts once a code of
// it was confirmed.
func (s *Service) BeginSecondFactor(ctx context.Context) (Enrolment, error) {
	firm, err := s.store.firm(ctx)
	if err != nil {
		return Enrolment{}, err
	}
	a := ActorFrom(ctx)
	key, err := totp.Generate(totp.GenerateOpts{Issuer: strings.ReplaceAll(firm.Name, ":", " "), AccountName: a.Login, SecretSize: 20})
	if err != nil {
		return Enrolment{}, fmt.Errorf("second factor: %w", err)
	}
	began, err := s.store.beginSecond(ctx, a.UserID, key.Secret())
	if err != nil {
		return Enrolment{}, err
	}
	if !began {
		return Enrolment{}, errHasSecond
	}
	picture, err := qr(key)
	return Enrolment{Secret: key.Secret(), URI: key.URL(), Image: picture}, err
}

func qr(key *otp.Key) (string, error) {
	img, err := key.Image(240, 240)
	if err != nil {
		return "", fmt.Errorf("QR code: %w", err)
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		return "", fmt.Errorf("QR code: %w", err)
	}
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(out.Bytes()), nil
}

// ConfirmSecondFactor makes the secret count and returns the recovery codes,
// which are never shown again.
func (s *Service) ConfirmSecondFactor(ctx context.Context, code string) (codes []string, err error) {
	a := ActorFrom(ctx)
	if err := s.throttle.take(ctx, codeKey(a.UserID)); err != nil {
		return nil, err
	}
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		have, err := s.store.second(ctx, a.UserID)
		if err != nil {
			return err
		}
		switch {
		case have.Confirmed:
			return errHasSecond
		case have.Secret == "":
			return errNoSecond
		}
		step, ok := have.check(code, s.opts.Now())
		if !ok {
			return errWrongCode
		}
		if err := s.store.confirmSecond(ctx, a.UserID, step, s.opts.Now()); err != nil {
			return err
		}
		if codes, err = s.renewCodes(ctx, a.UserID); err != nil {
			return err
		}
		s.forgetUser(ctx, a.UserID)
		return s.audit.Record(ctx, "second_factor.add", "user", a.UserID, nil, nil)
	})
	return codes, err
}

// RenewRecoveryCodes replaces the actor's recovery codes.
func (s *Service) RenewRecoveryCodes(ctx context.Context) (codes []string, err error) {
	a := ActorFrom(ctx)
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		have, err := s.store.second(ctx, a.UserID)
		if err != nil {
			return err
		}
		if !have.Confirmed {
			return errNoSecond
		}
		if codes, err = s.renewCodes(ctx, a.UserID); err != nil {
			return err
		}
		return s.audit.Record(ctx, "recovery_codes.renew", "user", a.UserID, nil, nil)
	})
	return codes, err
}

func (s *Service) renewCodes(ctx context.Context, user int64) ([]string, error) {
	codes := make([]string, recoveryCodes)
	hashes := make([][]byte, recoveryCodes)
	for i := range codes {
		var raw [10]byte
		_, _ = rand.Read(raw[:])
		text := strings.ToLower(base32.StdEncoding.EncodeToString(raw[:]))
		codes[i] = text[:4] + "-" + text[4:8] + "-" + text[8:12] + "-" + text[12:]
		sum := sumOf(plainCode(codes[i]))
		hashes[i] = sum[:]
	}
	return codes, s.store.replaceCodes(ctx, user, hashes)
}

// RemoveSecondFactor takes a user's second factor away, his own or, by an
// administrator, another's who has lost it.
func (s *Service) RemoveSecondFactor(ctx context.Context, user int64) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		have, err := s.store.second(ctx, user)
		if err != nil {
			return err
		}
		if have.Secret == "" {
			return errNoSecond
		}
		if user != ActorFrom(ctx).UserID {
			if err := s.mayTouch(ctx, user); err != nil {
				return err
			}
		}
		if err := s.store.removeSecond(ctx, user); err != nil {
			return err
		}
		s.forgetUser(ctx, user)
		return s.audit.Record(ctx, "second_factor.remove", "user", user, nil, nil)
	})
}

// mayTouch refuses to weaken the door of somebody with more rights than the actor has.
func (s *Service) mayTouch(ctx context.Context, user int64) error {
	all, err := s.store.lockRoles(ctx)
	if err != nil {
		return err
	}
	u, err := s.store.user(ctx, user, true)
	if err != nil {
		return err
	}
	return mayGive(ctx, all, u.Roles...)
}

// SecondFactor tells how the actor's second factor stands, whether his role
// needs one, and how many recovery codes he has left.
func (s *Service) SecondFactor(ctx context.Context) (enabled, required bool, left int, err error) {
	a := ActorFrom(ctx)
	firm, err := s.store.firm(ctx)
	if err != nil {
		return false, false, 0, err
	}
	if enabled, err = s.store.hasSecond(ctx, a.UserID); err != nil {
		return false, false, 0, err
	}
	required = slices.ContainsFunc(a.Roles, func(role string) bool { return slices.Contains(firm.SecondFactorRoles, role) })
	left, err = s.store.codesLeft(ctx, a.UserID)
	return enabled, required, left, err
}

// secondFactor checks a code of an authenticator, or a recovery code, in ctx's
// transaction, and uses it up. Guesses are counted before and apart from those
// at passwords. A user without a second factor passes.
func (s *Service) secondFactor(ctx context.Context, user int64, code string) (ok bool, err error) {
	have, err := s.store.second(ctx, user)
	if err != nil || !have.Confirmed {
		return err == nil, err
	}
	if step, right := have.check(code, s.opts.Now()); right {
		return true, s.store.useStep(ctx, user, step)
	}
	return s.store.useCode(ctx, user, sumOf(plainCode(code)), s.opts.Now())
}

// check returns the time step of a right code that is later than all used ones.
func (f second) check(code string, now time.Time) (step int64, ok bool) {
	code = strings.ReplaceAll(code, " ", "")
	current := now.Unix() / stepSeconds
	for _, step := range []int64{current, current - 1, current + 1} {
		right, err := hotp.ValidateCustom(code, uint64(step), f.Secret, hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err == nil && right && step > f.Step {
			return step, true
		}
	}
	return 0, false
}

// plainCode is a recovery code as it is compared: without hyphens, in lower case.
func plainCode(code string) string {
	return strings.ToLower(strings.NewReplacer("-", "", " ", "").Replace(code))
}
