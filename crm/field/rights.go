package field

import (
	"context"

	"centralita/crm/access"
	"centralita/internal/fault"
)

func maskOf(ctx context.Context, id int64) access.Mask { return access.FieldMask(ctx, KeyOf(id)) }

var errMasked = fault.New(fault.Forbidden, "field_forbidden", "Your role does not let you see this field, nor change it.")

// may returns nil when ctx's actor may change the client, whose values are then
// locked until ctx's transaction ends.
func (s *Service) may(ctx context.Context, client int64) error {
	if err := s.ports.Clients.CanChange(ctx, client); err != nil {
		return err
	}
	return s.store.lock(ctx, client)
}
