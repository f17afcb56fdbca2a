package demo

import (
	"fmt"
	"math/rand/v2"
)

// tongue is one language of the made-up people: given names of women and men,
// family names, and how these change for a woman.
type tongue struct {
	locale        string
	women, men    []string
	families      []string
	double        bool // two family names, as in Spain
	feminine      func(family string) string
	firms, trades []string
}

var spanish = tongue{
	locale: "es", double: true,
	women: []string{"Lucía", "María", "Carmen", "Ana", "Isabel", "Laura", "Marta", "Elena", "Sofía", "Paula", "Valentina", "Camila", "Rocío",
		"Nuria", "Pilar", "Inés", "Beatriz", "Clara", "Julieta", "Florencia", "Martina", "Agustina", "Ángela", "Belén"},
	men: []string{"Javier", "Carlos", "Diego", "Pablo", "Álvaro", "Sergio", "Íñigo", "Andrés", "Martín", "Joaquín", "Facundo", "Santiago", "Mateo",
		"Tomás", "Nicolás", "Ramón", "Óscar", "Rubén", "Gonzalo", "Emilio", "Hugo", "Iván", "Raúl", "Víctor"},
	families: []string{"García", "Fernández", "López", "Martínez", "Sánchez", "Pérez", "Gómez", "Ruiz", "Díaz", "Moreno", "Muñoz", "Álvarez",
		"Romero", "Alonso", "Gutiérrez", "Navarro", "Torres", "Domínguez", "Vázquez", "Ramos", "Gil", "Serrano", "Blanco", "Molina", "Morales",
		"Suárez", "Ortega", "Delgado", "Castro", "Ortiz", "Rubio", "Sosa", "Acosta", "Benítez", "Medina", "Herrera", "Aguirre", "Peralta", "Ibáñez", "Núñez"},
	firms: []string{"Reformas", "Talleres", "Panadería", "Clínica Dental", "Ferretería", "Asesoría", "Autoescuela", "Floristería", "Cristalería",
		"Inmobiliaria", "Gestoría", "Transportes", "Estudio", "Librería", "Óptica", "Veterinaria"},
	trades: []string{"del Sur", "Norte", "Chamberí", "Palermo", "Atocha", "La Latina", "Recoleta", "San Telmo", "Retiro", "Lavapiés", "Belgrano", "Mayor"},
}

var russian = tongue{
	locale: "ru",
	women:  []string{"Анна", "Мария", "Елена", "Ольга", "Наталья", "Татьяна", "Ирина", "Светлана", "Юлия", "Алёна", "Дарья", "Ксения"},
	men:    []string{"Иван", "Пётр", "Алексей", "Дмитрий", "Сергей", "Андрей", "Михаил", "Николай", "Артём", "Фёдор", "Павел", "Егор"},
	families: []string{"Иванов", "Петров", "Смирнов", "Кузнецов", "Попов", "Соколов", "Лебедев", "Козлов", "Новиков", "Морозов", "Волков",
		"Соловьёв", "Васильев", "Зайцев", "Павлов", "Семёнов", "Голубев", "Виноградов", "Богданов", "Воробьёв"},
	feminine: func(family string) string { return family + "а" },
	firms:    []string{"Мебель", "Стройдом", "Автосервис", "Пекарня", "Кофейня", "Школа языков", "Турбюро", "Медцентр"},
	trades:   []string{"Восток", "Столица", "на Невском", "Плюс", "Сити", "Волга", "Арбат", "Профи"},
}

var english = tongue{
	locale:   "en",
	women:    []string{"Emma", "Olivia", "Grace", "Hannah", "Charlotte", "Alice", "Fiona", "Ruth"},
	men:      []string{"James", "Oliver", "Jack", "Thomas", "George", "Patrick", "Daniel", "Simon"},
	families: []string{"Smith", "Jones", "Taylor", "Brown", "Wilson", "Evans", "Walker", "Wright", "Hughes", "O'Brien", "Murphy", "Clarke", "Müller", "Schmidt", "Weber"},
	firms:    []string{"Harbour", "Northgate", "Bright", "Oak & Stone", "Riverside", "Blue Door", "Kingfisher", "Meridian"},
	trades:   []string{"Ltd", "Partners", "Studio", "Lettings", "Consulting", "Foods", "Logistics", "Dental"},
}

func (t tongue) person(r *rand.Rand) string {
	given, woman := pick(r, t.men), r.IntN(2) == 0
	if woman {
		given = pick(r, t.women)
	}
	family := pick(r, t.families)
	if woman && t.feminine != nil {
		family = t.feminine(family)
	}
	if t.double {
		family += " " + pick(r, t.families)
	}
	return given + " " + family
}

func (t tongue) organisation(r *rand.Rand) string {
	name := pick(r, t.firms) + " " + pick(r, t.trades)
	switch {
	case t.locale == "es" && r.IntN(2) == 0:
		name += " S.L."
	case t.locale == "ru":
		name = fmt.Sprintf("ООО «%s»", name)
	}
	return name
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }
