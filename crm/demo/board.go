package demo

import (
	"context"
	"time"

	"centralita/crm/lead"
)

// board leaves leads of every class open, as of now.
func (s *story) board(ctx context.Context) error {
	for _, tell := range []func(context.Context) error{s.lost, s.dialled, s.spoken, s.planned, s.untouched} {
		if err := tell(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (s *story) ago(minutes int) time.Time { return s.Now.Add(-time.Duration(minutes) * time.Minute) }

// missed is a call that nobody took.
func (s *story) missed(ctx context.Context, with caller, line Line, minutes int) (int64, error) {
	return s.in(ctx, ring{with: with, line: line, at: s.ago(minutes), wait: s.seconds(8, 58)})
}

// nth is one of the clients whom the history does not draw by chance.
func (s *story) nth(i int) caller { return caller{known: s.known[i]} }

func (s *story) lost(ctx context.Context) error {
	hidden := caller{known: known{raw: "anonymous"}}
	for _, m := range []struct {
		with    caller
		line    int
		minutes int
	}{
		{s.nth(3), 0, 3}, {s.stranger(s.on[0], "TALLERES MORA"), 0, 9}, {s.stranger(s.on[2], ""), 2, 48}, {s.nth(11), 1, 131}, {hidden, 0, 27},
	} {
		if _, err := s.missed(ctx, m.with, s.on[m.line], m.minutes); err != nil {
			return err
		}
	}
	_, err := s.in(ctx, ring{with: s.stranger(s.on[1], "Nuria P."), line: s.on[1], at: s.ago(36), wait: 41 * time.Second, talk: 14 * time.Second, message: true, recorded: true})
	return err
}

func (s *story) dialled(ctx context.Context) error {
	for _, m := range []struct {
		client, line, missed, dialled int
		user                          string
		talk                          time.Duration
		outcome                       string
	}{
		{21, 0, 70, 55, "javier", 0, "no_answer"}, {22, 1, 200, 150, "carmen", 0, "busy"},
		{23, 0, 95, 83, "irina", 65 * time.Second, ""}, {24, 1, 160, 149, "marta", 140 * time.Second, ""},
		{25, 0, 1190, 190, "javier", 80 * time.Second, ""},
	} {
		with, line := s.nth(m.client), s.on[m.line]
		id, err := s.missed(ctx, with, line, m.missed)
		if err != nil {
			return err
		}
		if err := s.out(ctx, dial{with: with, line: line, lead: id, at: s.ago(m.dialled), user: s.users[m.user], talk: m.talk, outcome: m.outcome}); err != nil {
			return err
		}
	}
	again := s.nth(26)
	if _, err := s.missed(ctx, again, s.on[0], 140); err != nil {
		return err
	}
	_, err := s.in(ctx, ring{with: again, line: s.on[0], at: s.ago(118), user: s.users["carmen"], wait: 7 * time.Second, talk: 75 * time.Second})
	return err
}

// spoken are answered calls with nothing agreed.
func (s *story) spoken(ctx context.Context) error {
	for i, m := range []int{18, 57, 1560} {
		with := s.nth(31 + i)
		_, err := s.in(ctx, ring{with: with, line: s.on[i%2], at: s.ago(m), user: s.taker(ring{with: with, line: s.on[i%2]}), wait: 6 * time.Second, talk: 17 * time.Second, recorded: true})
		if err != nil {
			return err
		}
	}
	return nil
}

// planned are answered calls with something agreed, some of it not kept. The
// first is the client of the README's example call.
func (s *story) planned(ctx context.Context) error {
	for i, m := range []struct {
		hours int // until the next step; negative: overdue
		note  string
	}{
		{20, "Send the revised offer for the kitchen"}, {3, "Llamar con el precio del suelo"}, {44, "Visita técnica, confirmar dirección"}, {70, "Согласовать смету"},
		{120, "Ask for the deposit"}, {-2, "Enviar presupuesto"}, {-5, "Перезвонить насчёт окон"}, {-27, "Confirm the start date"},
	} {
		with, line := s.nth(41+i), s.on[i%3]
		if i == 0 {
			with, line = s.nth(0), s.on[0]
		}
		at := s.ago(60*(30+i*7) + i)
		user := s.taker(ring{with: with, line: line})
		id, err := s.in(ctx, ring{with: with, line: line, at: at, user: user, wait: 5 * time.Second, talk: 21 * time.Second, recorded: i < 2})
		if err != nil {
			return err
		}
		if err := s.nextStep(ctx, id, at.Add(time.Minute), s.Now.Add(time.Duration(m.hours)*time.Hour), user, m.note); err != nil {
			return err
		}
	}
	return nil
}

// untouched came in by hand and by SMS.
func (s *story) untouched(ctx context.Context) error {
	k := s.nth(51)
	if _, err := s.Ledger.Open(ctx, lead.Contact{Source: "manual", LineID: s.on[0].ID, ClientID: k.id, E164: k.e164, Raw: k.raw, At: s.ago(12), Note: "Asked at the fair about a bathroom."}); err != nil {
		return err
	}
	return s.receive(ctx, s.nth(52), s.on[0], s.ago(6), "Hola, ¿me pueden llamar para un presupuesto de ventanas? Gracias")
}
