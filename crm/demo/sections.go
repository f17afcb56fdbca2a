package demo

import (
	"context"
	"math/rand/v2"
	"strconv"
	"time"

	"centralita/crm/audit"
	base "centralita/crm/client"
	"centralita/crm/field"
	"centralita/internal/jobs"
)

// aside stands for the rooms that sections need and a story does without: it may
// touch every client, tells nobody, and leaves no errand.
type aside struct{}

func (aside) CanRead(context.Context, int64) error                { return nil }
func (aside) CanChange(context.Context, int64) error              { return nil }
func (aside) Signal(context.Context, string, any)                 {}
func (aside) Insert(context.Context, jobs.Args, *jobs.Opts) error { return nil }

// sections adds to the card what a firm like this one would: the service contract,
// and the machines that stand at the client's.
func (s *story) sections(ctx context.Context) error {
	fields := field.New(s.DB, field.Ports{Clients: aside{}, Audit: audit.NewLog(s.DB), Live: aside{}, Queue: aside{}, Fold: base.Fold})
	plans, err := fields.AddDictionary(ctx, "Service plans", []string{"Basic", "Comfort", "Premium"})
	if err != nil {
		return err
	}
	equipment, err := fields.AddSection(ctx, field.Section{Entity: field.Client, Kind: field.Table, Title: "Equipment"}, []field.NewField{
		{Label: "Model", Type: field.Text}, {Label: "Serial number", Type: field.Text}, {Label: "Installed", Type: field.Date},
		{Label: "Quantity", Type: field.Number}, {Label: "Unit price", Type: field.Money, Options: field.Options{Currency: "EUR", Decimals: 2}},
		{Label: "Worth", Type: field.Formula, Options: field.Options{Formula: "quantity * unit_price", Currency: "EUR", Decimals: 2}},
	})
	if err != nil {
		return err
	}
	contract, err := fields.AddSection(ctx, field.Section{Entity: field.Client, Kind: field.Fields, Title: "Contract"}, []field.NewField{
		{Label: "Contract number", Type: field.Text}, {Label: "Plan", Type: field.Choice, Options: field.Options{DictionaryID: plans.ID}},
		{Label: "Signed", Type: field.Date}, {Label: "Months", Type: field.Number},
		{Label: "Monthly fee", Type: field.Money, Options: field.Options{Currency: "EUR", Decimals: 2}},
		{Label: "Technician", Type: field.Reference, Options: field.Options{Refers: "user"}},
		{Label: "Ends", Type: field.Formula, Options: field.Options{Formula: "add_months(signed, months)"}},
		{Label: "State", Type: field.Formula, Options: field.Options{Formula: `if empty(ends) { "" } else { if today() > ends { "over" } else { "running" } }`}},
		{Label: "Equipment worth", Type: field.Formula, Options: field.Options{Formula: "sum(worth)", Currency: "EUR", Decimals: 2}},
	})
	if err != nil {
		return err
	}
	if err := fields.OrderSections(ctx, field.Client, []int64{contract.ID, equipment.ID}); err != nil {
		return err
	}
	for i, k := range s.known {
		if i%7 == 0 {
			if err := s.served(ctx, fields, contract, equipment, plans, i, k.id); err != nil {
				return err
			}
		}
	}
	return nil
}

var machines = []struct{ model, serial, price string }{
	{"Split air conditioner 3.5 kW", "AC35", "689.00"}, {"Heat pump 8 kW", "HP08", "3450.00"},
	{"Water heater 80 l", "WH80", "219.90"}, {"Ventilation unit", "VU12", "1120.50"},
}

// served gives the i-th client a contract and some machines, the same ones every time.
func (s *story) served(ctx context.Context, fields *field.Service, contract, equipment field.Section, plans field.Dictionary, i int, id int64) error {
	r := rand.New(rand.NewPCG(77, uint64(i)))
	signed := s.Now.AddDate(0, -r.IntN(30), -r.IntN(28))
	plan := r.IntN(len(plans.Terms))
	managers := s.managers()
	values := []string{
		"SC-" + strconv.Itoa(2400+i), strconv.FormatInt(plans.Terms[plan].ID, 10), signed.Format(time.DateOnly), strconv.Itoa(12 * (1 + r.IntN(3))),
		[]string{"19.90", "34.50", "59"}[plan], strconv.FormatInt(managers[i%len(managers)], 10),
	}
	if err := fields.Set(ctx, id, changes(contract, values)); err != nil {
		return err
	}
	for n := range 1 + r.IntN(3) {
		m := machines[(i+n)%len(machines)]
		values := []string{m.model, m.serial + "-" + strconv.Itoa(10_000+r.IntN(90_000)), signed.AddDate(0, 0, n).Format(time.DateOnly), strconv.Itoa(1 + r.IntN(4)), m.price}
		if _, err := fields.AddRow(ctx, id, equipment.ID, nil, changes(equipment, values)); err != nil {
			return err
		}
	}
	return nil
}

// changes gives the first fields of a section values.
func changes(x field.Section, values []string) []field.Change {
	var out []field.Change
	for i, v := range values {
		out = append(out, field.Change{FieldID: x.Fields[i].ID, Value: v})
	}
	return out
}
