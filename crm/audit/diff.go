package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"centralita/crm/access"
)

// Difference is one value that an act changed: where it is, in words joined by dots,
// and what it was and became. Before is nil when it came to be, After when it went.
type Difference struct {
	Path   string          `json:"path"`
	Before json.RawMessage `json:"before,omitempty"`
	After  json.RawMessage `json:"after,omitempty"`
}

// maxChanges bounds what is told of one act.
const maxChanges = 200

// bookkeeping changes with every act and tells nobody anything.
var bookkeeping = map[string]bool{
	"version": true, "updated_at": true, "readings": true, "display": true, "last_seen_at": true, "last_contact_at": true, "open_leads": true,
}

// Changes compares two JSON documents, either of which may be nil. Elements of a
// list are the same when they have the same id, else when they stand at the same
// place. The order is that of the paths.
func Changes(before, after json.RawMessage) []Difference {
	was, is := map[string]json.RawMessage{}, map[string]json.RawMessage{}
	flatten(was, "", before)
	flatten(is, "", after)
	all := maps.Clone(was)
	maps.Copy(all, is)
	changes := []Difference{}
	for _, path := range slices.Sorted(maps.Keys(all)) {
		if !bytes.Equal(was[path], is[path]) && len(changes) < maxChanges {
			changes = append(changes, Difference{path, was[path], is[path]})
		}
	}
	return changes
}

// flatten puts the leaves of a document into all, by path. What is empty is not there.
func flatten(all map[string]json.RawMessage, path string, document json.RawMessage) {
	document = bytes.TrimSpace(document)
	if len(document) == 0 {
		return
	}
	switch document[0] {
	case '{':
		var fields map[string]json.RawMessage
		if json.Unmarshal(document, &fields) == nil {
			for name, value := range fields {
				if !bookkeeping[name] {
					flatten(all, join(path, name), value)
				}
			}
		}
	case '[':
		var elements []json.RawMessage
		if json.Unmarshal(document, &elements) == nil {
			for i, element := range elements {
				flatten(all, join(path, nameOf(element, i)), element)
			}
		}
	default:
		if text := string(document); text != "null" && text != `""` {
			all[path] = document
		}
	}
}

// Masked is changes as a mask of numbers lets them be seen.
func Masked(mask access.Mask, changes []Difference) ([]Difference, error) {
	if mask == access.Shown {
		return changes, nil
	}
	for i := range changes {
		for _, side := range []*json.RawMessage{&changes[i].Before, &changes[i].After} {
			if len(*side) == 0 {
				continue
			}
			seen, err := mask.Tree(*side)
			if err != nil {
				return nil, err
			}
			if *side, err = json.Marshal(seen); err != nil {
				return nil, fmt.Errorf("mask: %w", err)
			}
		}
	}
	return changes, nil
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// nameOf names an element of a list: by its id, or by its place.
func nameOf(element json.RawMessage, place int) string {
	var identified struct {
		ID json.Number `json:"id"`
	}
	if json.Unmarshal(element, &identified) == nil && identified.ID != "" {
		return fmt.Sprint("#", identified.ID)
	}
	return strconv.Itoa(place + 1)
}
