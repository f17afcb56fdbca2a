package queue

import (
	"context"
	"net/http"

	"centralita/internal/web"
)

// API is the HTTP face of queues and skills.
type API struct{ service *Service }

// NewAPI returns the face of service.
func NewAPI(service *Service) *API { return &API{service: service} }

const write = "settings.write"

// Register declares the routes.
func (a *API) Register(r *web.Router) {
	web.Handle(r, web.Op{Method: http.MethodGet, Path: "/queues", ID: "list-queues", Tag: "queues",
		Summary: "All queues with their members", Permission: web.SignedIn}, a.list)
	web.Handle(r, web.Op{Method: http.MethodPost, Path: "/queues", ID: "create-queue", Tag: "queues",
		Summary: "Open a queue", Permission: write, Status: http.StatusCreated}, a.create)
	web.Handle(r, web.Op{Method: http.MethodPatch, Path: "/queues/{id}", ID: "change-queue", Tag: "queues",
		Summary: "Change a queue; calls in it keep the settings they came under", Permission: write}, a.change)
	web.Handle(r, web.Op{Method: http.MethodGet, Path: "/queues/{id}/versions", ID: "list-queue-versions", Tag: "queues",
		Summary: "What a queue's settings were, newest first", Permission: web.SignedIn}, a.versions)
	web.Handle(r, web.Op{Method: http.MethodGet, Path: "/skills", ID: "list-skills", Tag: "queues",
		Summary: "All skills, and who has them", Permission: web.SignedIn}, a.skills)
	web.Handle(r, web.Op{Method: http.MethodPost, Path: "/skills", ID: "create-skill", Tag: "queues",
		Summary: "Add a skill", Permission: write, Status: http.StatusCreated}, a.createSkill)
	web.Handle(r, web.Op{Method: http.MethodPut, Path: "/skills/{id}", ID: "change-skill", Tag: "queues",
		Summary: "Rename a skill, and say who has it", Permission: write}, a.changeSkill)
	web.Handle(r, web.Op{Method: http.MethodDelete, Path: "/skills/{id}", ID: "delete-skill", Tag: "queues",
		Summary: "Remove a skill that no queue asks for", Permission: write, Status: http.StatusNoContent}, a.forgetSkill)
}

// Fields are the fields of a queue that can be set; one that is absent keeps its
// value, or takes the default in a new queue.
type Fields struct {
	Name           *string      `json:"name,omitempty" maxLength:"100"`
	Active         *bool        `json:"active,omitempty"`
	Members        *[]Member    `json:"members,omitempty" maxItems:"500"`
	Strategy       *string      `json:"strategy,omitempty" enum:"longest_idle,fewest_calls,round_robin,random,ring_all,linear"`
	Priority       *int         `json:"priority,omitempty" minimum:"0" maximum:"60"`
	Weight         *int         `json:"weight,omitempty" minimum:"10" maximum:"1000"`
	RingSeconds    *int         `json:"ring_seconds,omitempty" minimum:"3" maximum:"120"`
	RetrySeconds   *int         `json:"retry_seconds,omitempty" minimum:"0" maximum:"600"`
	MaxWaitSeconds *int         `json:"max_wait_seconds,omitempty" minimum:"5" maximum:"7200"`
	Sticky         *Sticky      `json:"sticky,omitempty"`
	Skills         *[]SkillRule `json:"skills,omitempty" maxItems:"10"`
	Overflow       *[]Overflow  `json:"overflow,omitempty" maxItems:"10"`
	WrapUpMode     *string      `json:"wrap_up_mode,omitempty" enum:"none,timed,until_done"`
	WrapUpSeconds  *int         `json:"wrap_up_seconds,omitempty" minimum:"0" maximum:"1800"`
	WrapUpCode     *bool        `json:"wrap_up_code,omitempty"`
	ServiceSeconds *int         `json:"service_seconds,omitempty" minimum:"1" maximum:"600"`
	ServicePercent *int         `json:"service_percent,omitempty" minimum:"1" maximum:"100"`
}

// onto sets the fields that are present.
func (f Fields) onto(q *Queue) {
	set(&q.Name, f.Name)
	set(&q.Active, f.Active)
	set(&q.Members, f.Members)
	set(&q.Strategy, f.Strategy)
	set(&q.Priority, f.Priority)
	set(&q.Weight, f.Weight)
	set(&q.RingSeconds, f.RingSeconds)
	set(&q.RetrySeconds, f.RetrySeconds)
	set(&q.MaxWaitSeconds, f.MaxWaitSeconds)
	set(&q.Sticky, f.Sticky)
	set(&q.Skills, f.Skills)
	set(&q.Overflow, f.Overflow)
	set(&q.WrapUpMode, f.WrapUpMode)
	set(&q.WrapUpSeconds, f.WrapUpSeconds)
	set(&q.WrapUpCode, f.WrapUpCode)
	set(&q.ServiceSeconds, f.ServiceSeconds)
	set(&q.ServicePercent, f.ServicePercent)
}

func set[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

// QueueList is all queues.
type QueueList struct {
	Items []Queue `json:"items"`
}

// VersionList is the states of one queue.
type VersionList struct {
	Items []Version `json:"items"`
}

// SkillList is all skills.
type SkillList struct {
	Items []Skill `json:"items"`
}

// IDInput names a queue or a skill.
type IDInput struct {
	ID int64 `path:"id" minimum:"1"`
}

// SkillFields are what a skill is set to.
type SkillFields struct {
	Name   string  `json:"name" minLength:"1" maxLength:"60"`
	Levels []Level `json:"levels" maxItems:"500"`
}

type (
	listOut     struct{ Body QueueList }
	queueOut    struct{ Body Queue }
	versionsOut struct{ Body VersionList }
	skillsOut   struct{ Body SkillList }
	skillOut    struct{ Body Skill }
	createIn    struct{ Body Fields }
	changeIn    struct {
		IDInput
		Body Fields
	}
	createSkillIn struct{ Body SkillFields }
	changeSkillIn struct {
		IDInput
		Body SkillFields
	}
)

func (a *API) list(ctx context.Context, _ *struct{}) (*listOut, error) {
	queues, err := a.service.Queues(ctx)
	return &listOut{QueueList{append([]Queue{}, queues...)}}, err
}

func (a *API) create(ctx context.Context, in *createIn) (*queueOut, error) {
	q := Queue{Settings: Defaults(), Members: []Member{}}
	in.Body.onto(&q)
	q, err := a.service.Create(ctx, q)
	return &queueOut{q}, err
}

func (a *API) change(ctx context.Context, in *changeIn) (*queueOut, error) {
	q, err := a.service.Change(ctx, in.ID, in.Body.onto)
	return &queueOut{q}, err
}

func (a *API) versions(ctx context.Context, in *IDInput) (*versionsOut, error) {
	list, err := a.service.Versions(ctx, in.ID)
	return &versionsOut{VersionList{append([]Version{}, list...)}}, err
}

func (a *API) skills(ctx context.Context, _ *struct{}) (*skillsOut, error) {
	skills, err := a.service.Skills(ctx)
	return &skillsOut{SkillList{append([]Skill{}, skills...)}}, err
}

func (a *API) createSkill(ctx context.Context, in *createSkillIn) (*skillOut, error) {
	k, err := a.service.SaveSkill(ctx, Skill{Name: in.Body.Name, Levels: in.Body.Levels})
	return &skillOut{k}, err
}

func (a *API) changeSkill(ctx context.Context, in *changeSkillIn) (*skillOut, error) {
	k, err := a.service.SaveSkill(ctx, Skill{ID: in.ID, Name: in.Body.Name, Levels: in.Body.Levels})
	return &skillOut{k}, err
}

func (a *API) forgetSkill(ctx context.Context, in *IDInput) (*struct{}, error) {
	return nil, a.service.ForgetSkill(ctx, in.ID)
}
