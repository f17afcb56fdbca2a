package store

// CallBrought is a condition in SQL: a call that came in within the last day
// brought the thing w.entity, w.entity_id, which is a client or a lead, to the
// user w.user_id.
const CallBrought = `(w.entity = 'client' and exists (select from calls k where k.client_id = w.entity_id and ` + brought + `)
	or w.entity = 'lead' and exists (select from calls k where k.lead_id = w.entity_id and ` + brought + `))`

const brought = `k.direction = 'in' and k.started_at > now() - interval '1 day'
	and (k.user_id = w.user_id or exists (select from call_legs g where g.call_id = k.id and g.user_id = w.user_id))`
