package client

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"centralita/internal/postgres/pgtest"
)

// The index and the ranking spell alike.
func TestTheDatabaseSpellsNamesAsWeDo(t *testing.T) {
	db := pgtest.New(t)
	letters := rapid.StringOfN(rapid.RuneFrom([]rune("abcdefghijklmnopqrstuvwxyz ABCáéñçüß'.-&0123789абвгдеёжзийклмнопрстуфхцчшщъыьэюяІїєґЖЩ京ا")), 0, 40, -1)
	check := func(t *rapid.T, name string) {
		key := Fold(name)
		var spelled, sounds string
		var words []string
		err := db.Conn(t.Context()).QueryRow(t.Context(), "select name_latin($1), name_sound(name_latin($1)), coalesce(tsvector_to_array(name_words($1)), '{}')", key).Scan(&spelled, &sounds, &words)
		if err != nil {
			t.Fatal(err)
		}
		if l := latin(key); l != spelled || sound(l) != sounds {
			t.Fatalf("%q: %q and %q, the database has %q and %q", key, l, sound(l), spelled, sounds)
		}
		for _, w := range strings.Fields(latin(key)) {
			if !strings.Contains(" "+strings.Join(words, " ")+" ", " "+w+" ") {
				t.Fatalf("%q: %q is not in the index: %q", key, w, words)
			}
		}
	}
	rapid.Check(t, func(rt *rapid.T) { check(rt, letters.Draw(rt, "name")) })
	rapid.Check(t, func(rt *rapid.T) {
		check(rt, strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"shch", "tch", "sch", "gui", "ce", "quie", "ie", "xh", "tts", "ье", "щу", "дж"}), 1, 8).Draw(rt, "digraphs"), ""))
	})
}

func TestNamesThatSoundAlikeAreOne(t *testing.T) {
	for _, alike := range [][]string{
		{"Сергей", "Sergey", "Sergei"}, {"Юрий", "Yuri", "Yuriy", "Yury"}, {"Дмитрий", "Dmitry", "Dmitri"}, {"Иванов", "Ivanov", "Iwanow"}, {"Щукин", "Shchukin"},
		{"Екатерина", "Yekaterina", "Ekaterina"}, {"Шмидт", "Schmidt", "Shmidt"}, {"Перес", "Pérez", "Peres"}, {"Хуан", "Juan", "Khuan"}, {"Хорхе", "Jorge"},
		{"Гонсалес", "González", "Gonzales"}, {"Родригес", "Rodríguez", "Rodrigues"}, {"Мигель", "Miguel"}, {"Висенте", "Vicente"}, {"Хавьер", "Javier"},
		{"Чавес", "Chávez"}, {"Муньос", "Muñoz"}, {"Алексей", "Alexey", "Aleksei"}, {"Джон", "John"}, {"Татьяна", "Tatiana", "Tatyana"},
	} {
		first := sound(latin(Fold(alike[0])))
		for _, name := range alike[1:] {
			if got := sound(latin(Fold(name))); got != first {
				t.Errorf("%s sounds %q, %s %q", alike[0], first, name, got)
			}
		}
	}
}

func TestSlips(t *testing.T) {
	for pair, want := range map[[2]string]int{
		{"garcia", "garcia"}: 0, {"garcai", "garcia"}: 1, {"gacia", "garcia"}: 1, {"garccia", "garcia"}: 1, {"gorcia", "garcia"}: 1, {"gracai", "garcia"}: 2, {"", "ab"}: 2, {"x", "garcia"}: 3,
	} {
		if got := slips(pair[0], pair[1]); got != want {
			t.Errorf("%v: %d", pair, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[a-z]{4,8}`).Draw(t, "word")
		at := rapid.IntRange(0, len(word)-2).Draw(t, "at")
		for _, slip := range []string{word[:at] + word[at+1:], word[:at] + "q" + word[at:], word[:at] + "q" + word[at+1:], word[:at] + word[at+1:at+2] + word[at:at+1] + word[at+2:]} {
			if slips(slip, word) > 1 {
				t.Fatalf("%s and %s: %d", slip, word, slips(slip, word))
			}
			common := false
			for _, n := range near(slip) {
				common = common || strings.Contains(" "+strings.Join(near(word), " ")+" ", " "+n+" ")
			}
			if !common {
				t.Fatalf("%s and %s have nothing in common", slip, word)
			}
		}
	})
}

func TestWhatWasFoundIsMarked(t *testing.T) {
	m, _, ok := matchName("José  Pérez-García", wordsOf("garc jose"))
	if diff := cmp.Diff(Match{Field: "name", Text: "José  Pérez-García", Ranges: [][2]int{{0, 4}, {12, 16}}, Sort: "start"}, m); !ok || diff != "" {
		t.Error(diff)
	}
	if _, _, ok := matchName("José Pérez", wordsOf("pedro")); ok {
		t.Error("found what is not there")
	}
	if m := matchNumber("+34 600 11 12 22", "1222"); m.Ranges[0] != [2]int{11, 16} {
		t.Errorf("%v", m)
	}
	if m := matchNumber("+7 916 123-45-67", "8 916 123"); m.Ranges[0] != [2]int{3, 10} {
		t.Errorf("%v", m)
	}
	long := strings.Repeat("слово ", 40) + "Presupuesto máximo" + strings.Repeat(" más", 60)
	if m := matchText("note", long, wordsOf("presup")); string([]rune(m.Text)[m.Ranges[0][0]:m.Ranges[0][1]]) != "Presup" || len([]rune(m.Text)) > 160 {
		t.Errorf("%+v", m)
	}
}
