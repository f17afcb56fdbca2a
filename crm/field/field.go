// Package field is what a firm adds to the card itself, without a programmer: new
// sections, each with fields of its own or with a table of rows, and the
// dictionaries that choices are made from.
//
// A definition is a row: as soon as it is committed it is there for everybody.
// Nothing of it is ever deleted; what is archived disappears from the screens,
// keeps its values, and comes back with them. Every value lies in a typed column
// with an index for conditions and order, numbers and money exact. Two people who
// change different fields never disturb one another; of two who change the same
// one the second is told.
//
// Formulas are computed when something they use changes, in the same transaction,
// and stored like any value, so that lists can narrow and sort by them; a card
// computes them once more when it is read, for today is another day. The package
// asks the rights who may see which client and which field, and decides nothing
// of that itself.
package field

import "time"

// Client is the entity whose card has sections.
const Client = "client"

// Kinds of sections.
const (
	Fields = "fields" // fields of the client himself
	Table  = "table"  // rows, each with the section's fields
)

// Types of fields.
const (
	Text      = "text"
	Number    = "number"
	Money     = "money"
	Date      = "date"
	Choice    = "choice"    // a term of a dictionary
	Reference = "reference" // another record
	File      = "file"      // a file of the same client
	Formula   = "formula"   // computed of others
)

// Section is a tab of the card.
type Section struct {
	ID         int64      `json:"id"`
	Entity     string     `json:"entity" enum:"client"`
	Kind       string     `json:"kind" enum:"fields,table"`
	Title      string     `json:"title"`
	Position   int        `json:"position"`
	ArchivedAt *time.Time `json:"archived_at,omitempty"`
	Fields     []Field    `json:"fields"`
}

// Field is one field of a section, or one column of its table. Which of the
// options mean something depends on the type. Key is its name in formulas.
type Field struct {
	ID         int64      `json:"id"`
	SectionID  int64      `json:"section_id"`
	Key        string     `json:"key" doc:"The name by which a formula calls it"`
	Label      string     `json:"label"`
	Type       string     `json:"type" enum:"text,number,money,date,choice,reference,file,formula"`
	Options    Options    `json:"options"`
	Result     string     `json:"result" enum:"text,number,date," doc:"What a formula comes to"`
	Position   int        `json:"position"`
	Masked     bool       `json:"masked" doc:"There is a value or not; which one is not for the reader"`
	ArchivedAt *time.Time `json:"archived_at,omitempty"`
}

// Options are what a type leaves open.
type Options struct {
	Required     bool   `json:"required,omitempty"`
	DictionaryID int64  `json:"dictionary_id,omitempty" minimum:"0" doc:"Of a choice"`
	Refers       string `json:"refers,omitempty" enum:"client,user,lead," doc:"What a reference points at"`
	Currency     string `json:"currency,omitempty" pattern:"^([A-Z]{3})?$" doc:"Of money, or of a formula that comes to money"`
	Decimals     int    `json:"decimals,omitempty" minimum:"0" maximum:"6" doc:"Places after the point"`
	Formula      string `json:"formula,omitempty" maxLength:"2000"`
}

// Dictionary is a list of terms that a choice is made from.
type Dictionary struct {
	ID         int64      `json:"id"`
	Name       string     `json:"name"`
	ArchivedAt *time.Time `json:"archived_at,omitempty"`
	Terms      []Term     `json:"terms"`
}

// Term is one entry of a dictionary.
type Term struct {
	ID           int64      `json:"id"`
	DictionaryID int64      `json:"dictionary_id"`
	Label        string     `json:"label"`
	Position     int        `json:"position"`
	ArchivedAt   *time.Time `json:"archived_at,omitempty"`
}

// Value is what a field holds. Value is the exact form: the text itself, a
// decimal number, a date as 2026-11-25, or the id of a term, a record or a file;
// Label is what a person reads of the last three. RowID is 0 outside of tables.
// Error is why a formula came to nothing.
type Value struct {
	FieldID int64  `json:"field_id"`
	RowID   int64  `json:"row_id,omitempty"`
	Value   string `json:"value"`
	Label   string `json:"label,omitempty"`
	Hidden  bool   `json:"hidden,omitempty" doc:"There is a value, which is not for the reader"`
	Error   string `json:"error,omitempty"`
}

// Shown is what a person reads of v.
func (v Value) Shown() string {
	if v.Label != "" {
		return v.Label
	}
	return v.Value
}

// Row is one row of a table.
type Row struct {
	ID        int64 `json:"id"`
	SectionID int64 `json:"section_id"`
	Position  int   `json:"position"`
}

// Sheet is all that a client's sections hold.
type Sheet struct {
	Values []Value `json:"values"`
	Rows   []Row   `json:"rows"`
}

// Change is a wish to have a field hold Value, "" for nothing. Was, if given, is
// what the writer saw before: if the field holds something else by now, the wish
// is refused.
type Change struct {
	FieldID int64   `json:"field_id" minimum:"1"`
	Value   string  `json:"value" maxLength:"10000"`
	Was     *string `json:"was,omitempty" maxLength:"10000"`
}

// of returns the type of the values that f holds: a formula's is its result.
func (f Field) of() string {
	if f.Type == Formula {
		return f.Result
	}
	return f.Type
}
