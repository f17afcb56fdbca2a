package field

import (
	"context"

	"centralita/crm/access"
	"centralita/internal/fault"
)

func maskOf(ctx context.Context, id int64) access.Mask { return access.FieldMask(ctx, KeyOf(id)) }

// mask returns how much of f ctx's actor may see: of a formula no more than of
// everything that it is computed of.
func (d *defs) mask(ctx context.Context, f *Field) access.Mask {
	most := maskOf(ctx, f.ID)
	for _, id := range d.behind[f.ID] {
		most = max(most, maskOf(ctx, id))
	}
	return most
}

var errMasked = fault.New(fault.Forbidden, "field_forbidden", "Your role does not let you see this field, nor change it.")

// may returns nil when ctx's actor may change the client, whose values are then
// locked until ctx's transaction ends.
func (s *Service) may(ctx context.Context, client int64) error {
	if err := s.ports.Clients.CanChange(ctx, client); err != nil {
		return err
	}
	return s.store.lock(ctx, client)
}
