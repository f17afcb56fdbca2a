package api

import (
	"context"
	"time"

	"centralita/internal/web"
)

// Component is one part of the system and how it is.
type Component struct {
	Name   string     `json:"name"`
	State  string     `json:"state" enum:"ok,degraded,down"`
	Detail string     `json:"detail"`
	Since  *time.Time `json:"since,omitempty"`
}

// RegisteredPhone is a user's phone as the switch sees it.
type RegisteredPhone struct {
	UserID     int64  `json:"user_id"`
	Name       string `json:"name"`
	Registered bool   `json:"registered"`
}

// SwitchHealth is the state of Asterisk.
type SwitchHealth struct {
	Version   string            `json:"version"`
	StartedAt *time.Time        `json:"startup_time,omitempty"`
	Channels  int               `json:"channels"`
	Bridges   int               `json:"bridges"`
	Endpoints []RegisteredPhone `json:"endpoints"`
}

// Health is the state of the system.
type Health struct {
	Components []Component  `json:"components"`
	Asterisk   SwitchHealth `json:"asterisk"`
	Pop        PopStats     `json:"pop"`
}

// HealthOutput is the state of the system.
type HealthOutput struct {
	Body Health
}

// RegisterHealth adds the route that shows the state of the system, as ask gathers it.
func RegisterHealth(r *web.Router, ask func(ctx context.Context) Health) {
	web.Handle(r, web.Op{Method: "GET", Path: "/system/health", ID: "get-health", Tag: "system",
		Summary: "How every part of the system is", Permission: PermAdmin},
		func(ctx context.Context, _ *struct{}) (*HealthOutput, error) {
			return &HealthOutput{ask(ctx)}, nil
		})
}
