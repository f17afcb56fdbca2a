package ari

import (
	"context"
	"net/http"
	"sort"
)

// Field is one attribute of a configuration object.
type Field struct {
	Attribute string `json:"attribute"`
	Value     string `json:"value"`
}

// configKinds: Asterisk answers 403 and 400 to what its sorcery.conf does not let it store.
var configKinds = kinds{403: ErrRefused, 400: ErrBadRequest}

// PutConfig makes or replaces a configuration object while Asterisk runs, for example class
// res_pjsip, kind auth, aor or endpoint. It survives a restart of Asterisk, but not a crash within
// a second: put again after a Connected what must be there. Attributes that are not
// given take their defaults when the object is made, and stay as they are when it exists.
func (c *Client) PutConfig(ctx context.Context, class, kind, id string, fields map[string]string) error {
	body := struct {
		Fields []Field `json:"fields"`
	}{Fields: make([]Field, 0, len(fields))}
	for name, value := range fields {
		body.Fields = append(body.Fields, Field{Attribute: name, Value: value})
	}
	sort.Slice(body.Fields, func(i, j int) bool { return body.Fields[i].Attribute < body.Fields[j].Attribute })
	return c.do(ctx, command{method: http.MethodPut, path: configPath(class, kind, id), body: body, kinds: configKinds})
}

// Config reads a configuration object. ErrGone when there is none of that ID.
func (c *Client) Config(ctx context.Context, class, kind, id string) (map[string]string, error) {
	var wire []Field
	cmd := get(configPath(class, kind, id)...)
	cmd.into, cmd.kinds = &wire, configKinds
	if err := c.do(ctx, cmd); err != nil {
		return nil, err
	}
	fields := make(map[string]string, len(wire))
	for _, f := range wire {
		fields[f.Attribute] = f.Value
	}
	return fields, nil
}

// DeleteConfig removes a configuration object. ErrGone when there is none of that ID.
func (c *Client) DeleteConfig(ctx context.Context, class, kind, id string) error {
	cmd := remove(configPath(class, kind, id)...)
	cmd.kinds = configKinds
	return c.do(ctx, cmd)
}

func configPath(class, kind, id string) []string {
	return []string{"asterisk", "config", "dynamic", class, kind, id}
}
