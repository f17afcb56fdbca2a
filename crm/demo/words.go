package demo

import (
	"context"
	"time"

	"centralita/crm/lead"
)

// shownNames are what networks show of strangers.
var shownNames = []string{"", "", "MADRID", "WIRELESS CALLER", "J LOPEZ", "Иван", "BUENOS AIRES"}

// receive tells an SMS that came in.
func (s *story) receive(ctx context.Context, from caller, line Line, at time.Time, body string) error {
	var id int64
	err := s.DB.Conn(ctx).QueryRow(ctx, `insert into messages (direction, client_id, line_id, from_number, to_number, body, state, created_at, updated_at)
		values ('in', nullif($1::bigint, 0), $2, $3, $4, $5, 'received', $6, $6) returning id`, from.id, line.ID, from.e164, line.Number, body, at).Scan(&id)
	if err != nil {
		return err
	}
	filed, err := s.Ledger.Open(ctx, lead.Contact{
		Source: "sms", Direction: "in", LineID: line.ID, ClientID: from.id, E164: from.e164, Raw: from.e164, MessageID: id, At: at, ResponsibleID: from.responsible,
	})
	if err != nil {
		return err
	}
	return s.exec(ctx, `update messages set lead_id = $2 where id = $1`, id, filed.LeadID)
}

// sent are messages of the past, by what became of them.
var sent = []struct {
	state, code, reason string
	rank                int
	body                string
}{
	{"delivered", "", "", 60, "Le recordamos su visita técnica de mañana a las 10:00. Casa Clara."},
	{"delivered", "", "", 60, "Su presupuesto está listo. ¿Le llamamos hoy?"},
	{"delivered", "", "", 60, "Напоминаем: завтра в 12:00 приедет мастер. Casa Clara."},
	{"delivered", "", "", 60, "We missed your call. Javier will call you back within the hour."},
	{"undelivered", "30003", "unreachable", 50, "Confirmamos la entrega del material el jueves."},
	{"sent", "", "", 30, "Gracias por su llamada. Quedamos a su disposición."},
}

// messages tells the SMS of the last weeks.
func (s *story) messages(ctx context.Context) error {
	for i := range 30 {
		k := s.nth(60 + i)
		m := sent[i%len(sent)]
		if m.state == "sent" && i > 20 {
			m = sent[0]
		}
		at := s.Now.Add(-time.Duration(26+i*15) * time.Hour)
		err := s.exec(ctx, `with m as (insert into messages (direction, client_id, line_id, user_id, from_number, to_number, body, state, state_rank,
				error_code, error, provider_id, intent_at, attempts, created_at, sent_at, delivered_at, updated_at)
			values ('out', $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'SMdemo' || $11::int, $12, 1, $12, $12::timestamptz + interval '2 seconds',
				case when $7 = 'delivered' then $12::timestamptz + interval '5 seconds' end, $12) returning id)
			insert into interactions (kind, direction, at, client_id, line_id, user_id, ref_id) select 'sms', 'out', $12, $1, $2, $3, id from m`,
			k.id, s.on[0].ID, s.users["javier"], s.on[0].Number, k.e164, m.body, m.state, m.rank, m.code, m.reason, i, at)
		if err != nil {
			return err
		}
	}
	return nil
}

// noteTexts are what people write after a talk.
var noteTexts = []string{
	"Quiere reforma integral del baño, presupuesto máximo 6.000 €.", "Interesado en ventanas de PVC; llamar después de las 17 h.",
	"Хочет кухню до Нового года, бюджет 9 000 €.", "Compares us with two other firms; decides on Friday.", "Visita hecha, medidas en la carpeta.",
	"Договорились о встрече в офисе.", "Wants an invoice with the company's tax number.", "Pide financiación a 12 meses.", "Ya es cliente de la tienda de Retiro.",
}

// notes puts some on a fifth of the cards.
func (s *story) notes(ctx context.Context) error {
	for i := 0; i < len(s.known); i += 5 {
		at := s.Now.Add(-time.Duration(3+i*2) * time.Hour)
		err := s.exec(ctx, `with n as (insert into notes (client_id, user_id, text, created_at, updated_at) values ($1, $2, $3, $4, $4) returning id)
			insert into interactions (kind, direction, at, client_id, user_id, ref_id) select 'note', 'internal', $4, $1, $2, id from n`,
			s.known[i].id, pick(s.r, s.managers()), noteTexts[i/5%len(noteTexts)], at)
		if err != nil {
			return err
		}
	}
	return nil
}

// reminders are for colleagues alone: one for a client would be sent.
func (s *story) reminders(ctx context.Context) error {
	zone, err := time.LoadLocation("Europe/Madrid")
	if err != nil {
		return err
	}
	for i, m := range []struct {
		login, text, state string
		days, hour         int
	}{
		{"javier", "Llamar a Lucía con la oferta revisada", "pending", 1, 10}, {"irina", "Смета: проверить цены на плитку", "pending", 1, 12},
		{"marta", "Confirmar fecha con Buenos Aires", "pending", 2, 16}, {"carmen", "Preguntar por la factura de noviembre", "pending", 3, 9},
		{"javier", "Enviar catálogo", "done", -2, 11}, {"elena", "Review last week's lost leads", "done", -1, 9},
	} {
		local := time.Date(s.Now.Year(), s.Now.Month(), s.Now.Day()+m.days, m.hour, 0, 0, 0, zone)
		user := s.users[m.login]
		err := s.exec(ctx, `insert into reminders (client_id, audience, user_id, channel, text, local_time, time_zone, due_at, state, created_by, created_at, fired_at)
			values ($1, 'user', $2, 'app', $3, $4, 'Europe/Madrid', $5, $6, $2, $7, case when $6 = 'done' then $5::timestamptz end)`,
			s.known[i].id, user, m.text, local.Format("2006-01-02T15:04"), local, m.state, s.Now.AddDate(0, 0, -3))
		if err != nil {
			return err
		}
	}
	return nil
}

// settle notes on each client when it was last spoken with.
func (s *story) settle(ctx context.Context) error {
	return s.exec(ctx, `update clients c set last_contact_at = i.at from (select client_id, max(at) as at from interactions
		where kind <> 'note' and client_id is not null group by client_id) i where i.client_id = c.id`)
}
