package client_test

import (
	"fmt"
	"net/http"
	"testing"
)

func TestACardTellsWhoChangedItAndWhoLooked(t *testing.T) {
	w := newWorld(t)
	c := w.person("Carmen Ruiz", "+34 612 345 678")
	card := fmt.Sprintf("/clients/%d", c.ID)
	if code, _ := w.ask(http.MethodPatch, card, `{"version": 1, "name": "Carmen Ruiz Gil"}`); code != http.StatusOK {
		t.Fatal(code)
	}
	for range 60 {
		if code, _ := w.ask(http.MethodGet, card, ""); code != http.StatusOK {
			t.Fatal(code)
		}
	}
	_, changes := w.ask(http.MethodGet, card+"/history?only=changes", "")
	items := changes["items"].([]any)
	if len(items) != 2 {
		t.Fatalf("%d changes: %v", len(items), items)
	}
	latest := items[0].(map[string]any)
	if got := fmt.Sprint(latest["action"], latest["user_name"], latest["changes"]); got != "client.updateAnna[map[after:Carmen Ruiz Gil before:Carmen Ruiz path:name]]" {
		t.Error(got)
	}
	_, looks := w.ask(http.MethodGet, card+"/history?only=looks", "")
	if len(looks["items"].([]any)) != 50 || looks["next"] == "" {
		t.Errorf("%d looks, next %q", len(looks["items"].([]any)), looks["next"])
	}
	_, rest := w.ask(http.MethodGet, card+"/history?only=looks&cursor="+looks["next"].(string), "")
	if n := len(rest["items"].([]any)); n < 11 || n > 12 { // the looks at the history itself are some, too
		t.Errorf("%d more looks", n)
	}
	for path, want := range map[string]int{"/clients/99/history": 404, card + "/history?cursor=-": 422, card + "/history?only=x": 422} {
		if code, _ := w.ask(http.MethodGet, path, ""); code != want {
			t.Errorf("%s: %d, want %d", path, code, want)
		}
	}
}

func TestNothingOfAClientIsShownWhileTheLogIsAway(t *testing.T) {
	w := newWorld(t)
	c := w.person("Carmen Ruiz", "+34 612 345 678")
	w.exec("alter table audit_entries rename to away")
	for _, path := range []string{
		fmt.Sprintf("/clients/%d", c.ID), fmt.Sprintf("/clients/%d/timeline", c.ID), fmt.Sprintf("/clients/%d/history", c.ID),
		"/clients", "/clients?q=carmen", "/clients/by-number?number=612345678", "/search?q=carmen",
	} {
		code, answer := w.ask(http.MethodGet, path, "")
		if code != http.StatusServiceUnavailable && path != fmt.Sprintf("/clients/%d/history", c.ID) || answer["items"] != nil || answer["name"] != nil {
			t.Errorf("%s: %d %v", path, code, answer)
		}
	}
}
