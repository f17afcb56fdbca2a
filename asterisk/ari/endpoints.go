package ari

import (
	"context"
	"errors"

	arilib "github.com/CyCoreSystems/ari/v5"
)

// Endpoint is a device or trunk that Asterisk knows.
type Endpoint struct {
	Technology string // PJSIP
	Resource   string // the endpoint's name
	State      string // online, offline or unknown
	Channels   []string
}

// Name is technology/resource, the form that Originate takes.
func (e Endpoint) Name() string { return e.Technology + "/" + e.Resource }

// Online says whether a call to it can ring anywhere.
func (e Endpoint) Online() bool { return e.State == "online" }

// endpointOf takes over the library's form.
func endpointOf(e arilib.EndpointData) Endpoint {
	return Endpoint{Technology: e.Technology, Resource: e.Resource, State: e.State, Channels: e.ChannelIDs}
}

// Endpoints lists the endpoints of the PJSIP technology with their registration.
func (c *Client) Endpoints(ctx context.Context) ([]Endpoint, error) {
	var wire []arilib.EndpointData
	cmd := get("endpoints", "PJSIP")
	// No endpoint at all is a 404.
	cmd.into = &wire
	if err := c.do(ctx, cmd); err != nil && !errors.Is(err, ErrGone) {
		return nil, err
	}
	endpoints := make([]Endpoint, len(wire))
	for i := range wire {
		endpoints[i] = endpointOf(wire[i])
	}
	return endpoints, nil
}

// Endpoint reads one endpoint of the PJSIP technology. ErrGone when it is not configured.
func (c *Client) Endpoint(ctx context.Context, resource string) (Endpoint, error) {
	var wire arilib.EndpointData
	cmd := get("endpoints", "PJSIP", resource)
	cmd.into = &wire
	if err := c.do(ctx, cmd); err != nil {
		return Endpoint{}, err
	}
	return endpointOf(wire), nil
}
