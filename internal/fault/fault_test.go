package fault_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"centralita/internal/fault"
)

func TestKindAndCodeSurviveWrapping(t *testing.T) {
	cause := errors.New("pq: secret host")
	err := fmt.Errorf("while saving: %w", fault.Wrap(cause, fault.Conflict, "lead_leased", "Somebody else works on it."))
	if got := fault.KindOf(err); got != fault.Conflict {
		t.Errorf("KindOf = %v, want conflict", got)
	}
	if got := fault.CodeOf(err); got != "lead_leased" {
		t.Errorf("CodeOf = %q", got)
	}
	if !errors.Is(err, cause) {
		t.Error("the cause is lost")
	}
}

func TestUnknownErrorsAreInternal(t *testing.T) {
	for _, err := range []error{nil, errors.New("x"), context.Canceled} {
		if got := fault.KindOf(err); got != fault.Internal {
			t.Errorf("KindOf(%v) = %v, want internal", err, got)
		}
	}
	if got := fault.KindOf(fmt.Errorf("q: %w", context.DeadlineExceeded)); got != fault.Unavailable {
		t.Errorf("a deadline is %v, want unavailable", got)
	}
}

func TestWithFieldLeavesTheOriginalAlone(t *testing.T) {
	base := fault.New(fault.Invalid, "invalid_input", "Check the marked fields.").WithField("name", "required")
	both := base.WithField("phone", "not a number")
	if len(base.Fields) != 1 || len(both.Fields) != 2 {
		t.Errorf("fields: base %v, both %v", base.Fields, both.Fields)
	}
}

func TestEveryKindHasAName(t *testing.T) {
	for k := fault.Internal; k <= fault.Unavailable; k++ {
		if s := k.String(); s == "" || s[0] == 'k' {
			t.Errorf("kind %d is called %q", int(k), s)
		}
	}
	if got := fault.Kind(99).String(); got != "kind(99)" {
		t.Errorf("unknown kind is called %q", got)
	}
}
