package store

import (
	"context"
	"fmt"

	"centralita/callcenter/api"
)

const saveReceipt = `
update pop_receipts set
       painted_at = case when $4 = 'painted' then coalesce(painted_at, now()) else painted_at end,
       ring_to_paint_ms = case when $4 = 'painted' then coalesce(ring_to_paint_ms, $5) else ring_to_paint_ms end,
       focused_at = case when $4 = 'focused' then coalesce(focused_at, now()) else focused_at end,
       acted_at = case when $4 = 'acted' then coalesce(acted_at, now()) else acted_at end,
       action = case when $4 = 'acted' and action = '' then $6 else action end
where call_id = $1 and user_id = $2 and offered_at = $3`

// SaveReceipt stores what a browser has done with a pop of its user; the first word of each stage counts. A receipt
// for a pop that was never sent to the user changes nothing.
func (b *Books) SaveReceipt(ctx context.Context, user int64, r api.Receipt) error {
	_, err := b.db.Conn(ctx).Exec(ctx, saveReceipt, r.CallID, user, r.OfferedAt, r.Stage, r.RingToPaintMS, r.Action)
	if err != nil {
		return fmt.Errorf("save receipt: %w", err)
	}
	return nil
}

const popStats = `
select count(*), coalesce(percentile_cont(0.5) within group (order by ring_to_paint_ms), 0),
       coalesce(percentile_cont(0.95) within group (order by ring_to_paint_ms), 0), coalesce(max(ring_to_paint_ms), 0)
from pop_receipts where offered_at > now() - interval '1 day' and ring_to_paint_ms is not null`

// PopStats returns the times from ring to paint of the last day.
func (b *Books) PopStats(ctx context.Context) (api.PopStats, error) {
	var s api.PopStats
	if err := b.db.Conn(ctx).QueryRow(ctx, popStats).Scan(&s.Count, &s.P50, &s.P95, &s.Max); err != nil {
		return s, fmt.Errorf("read pop times: %w", err)
	}
	return s, nil
}
