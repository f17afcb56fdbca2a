package demo

// clientNotes are what people write on a card.
var clientNotes = []string{
	"Prefers calls before noon.", "Pide siempre presupuesto por escrito.", "Просит звонить после 18:00.", "Pays late, but always pays.",
	"Recomendado por Talleres Atocha.", "Говорит только по-русски.", "Lunes cerrado.", "Second entrance, ring twice.",
}
