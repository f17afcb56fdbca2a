package callcenter

import (
	"encoding/json"
	"fmt"
	"reflect"
)

// wishes are the events that a user asks for. Another server than the one his browser talks to may have the call.
var wishes = []Event{Decline{}, HangUp{}, Hold{}, Mute{}, Digits{}, SendOn{}, Consult{}, EndConsult{}, Complete{}, Merge{}}

// Wish is a user's wish in a form that travels between servers.
type Wish struct {
	Kind string          `json:"kind"`
	Of   json.RawMessage `json:"of"`
}

// PackWish makes a wish ready to travel. An event that no user can ask for is an error.
func PackWish(event Event) (Wish, error) {
	for _, w := range wishes {
		if reflect.TypeOf(w) == reflect.TypeOf(event) {
			of, err := json.Marshal(event)
			return Wish{kindOf(event), of}, err
		}
	}
	return Wish{}, fmt.Errorf("callcenter: %T is nobody's wish", event)
}

// Unpack returns the event that was packed.
func (w Wish) Unpack() (Event, error) {
	for _, known := range wishes {
		if kindOf(known) == w.Kind {
			event := reflect.New(reflect.TypeOf(known))
			if err := json.Unmarshal(w.Of, event.Interface()); err != nil {
				return nil, fmt.Errorf("callcenter: wish %s: %w", w.Kind, err)
			}
			return event.Elem().Interface().(Event), nil
		}
	}
	return nil, fmt.Errorf("callcenter: unknown wish %q", w.Kind)
}

func kindOf(event Event) string { return reflect.TypeOf(event).Name() }
