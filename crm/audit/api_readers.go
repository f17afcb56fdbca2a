package audit

import (
	"context"
	"slices"

	"centralita/internal/fault"
)

// ReadersInput says what was looked at.
type ReadersInput struct {
	Kind string `query:"kind" enum:"cards,numbers,searches,pages,recordings,exports" default:"cards"`
}

// ReadersOutput lists readers, the unusual first.
type ReadersOutput struct {
	Body struct {
		Items []Reader `json:"items"`
	}
}

func (a *API) readers(ctx context.Context, in *ReadersInput) (*ReadersOutput, error) {
	all, err := a.log.Readers(ctx, Kind(in.Kind))
	out := &ReadersOutput{}
	out.Body.Items = all
	return out, err
}

// AlertsOutput lists open alerts.
type AlertsOutput struct {
	Body struct {
		Items []Alert `json:"items"`
	}
}

func (a *API) alerts(ctx context.Context, _ *struct{}) (*AlertsOutput, error) {
	all, err := a.log.Alerts(ctx)
	out := &AlertsOutput{}
	out.Body.Items = all
	return out, err
}

// AlertInput names an alert.
type AlertInput struct {
	ID int64 `path:"id" minimum:"1"`
}

func (a *API) see(ctx context.Context, in *AlertInput) (*struct{}, error) {
	return nil, a.log.See(ctx, in.ID)
}

// QuotasOutput lists quotas.
type QuotasOutput struct {
	Body struct {
		Items []Quota `json:"items"`
	}
}

func (a *API) quotas(ctx context.Context, _ *struct{}) (*QuotasOutput, error) {
	all, err := a.log.Quotas(ctx)
	out := &QuotasOutput{}
	out.Body.Items = all
	return out, err
}

// QuotasInput are quotas to set; those of other roles and kinds stay.
type QuotasInput struct {
	Body struct {
		Items []Quota `json:"items" minItems:"1" maxItems:"500"`
	}
}

func (a *API) setQuotas(ctx context.Context, in *QuotasInput) (*QuotasOutput, error) {
	for _, q := range in.Body.Items {
		if !slices.Contains(Kinds, q.Kind) || len(q.Role) > 40 {
			return nil, fault.New(fault.Invalid, "invalid_input", "Check the marked fields.").WithField("body.items", "unknown kind or role")
		}
	}
	all, err := a.log.SetQuotas(ctx, in.Body.Items)
	out := &QuotasOutput{}
	out.Body.Items = all
	return out, err
}
