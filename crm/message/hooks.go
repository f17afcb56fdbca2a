package message

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"centralita/internal/fault"
	"centralita/internal/web"
)

// RegisterHooks declares the provider's two webhooks. They are public: the
// signature is their gate.
func (a *API) RegisterHooks(r *web.Router) {
	r.Raw(web.Op{
		Method: http.MethodPost, Path: hookPath + "/status", ID: "twilio-status", Summary: "Delivery status, signed by Twilio", Tag: "hooks",
		Permission: web.Public, MaxBody: maxHook,
	}, a.hook(r, statusPath, a.status))
	r.Raw(web.Op{
		Method: http.MethodPost, Path: hookPath + "/inbound", ID: "twilio-inbound", Summary: "Inbound SMS, signed by Twilio", Tag: "hooks",
		Permission: web.Public, MaxBody: maxHook,
	}, a.hook(r, inboundPath, a.inbound))
}

// params are a verified request's parameters, each of them once.
type params interface{ Get(name string) string }

// hook verifies, hands over, and answers as the provider expects. An error makes
// it try again where it does that.
func (a *API) hook(r *web.Router, path string, take func(ctx context.Context, form, query params) error) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		form, query, err := a.service.verified(req, path)
		if err == nil {
			ctx, cancel := context.WithTimeout(req.Context(), settleTime)
			err = take(ctx, form, query)
			cancel()
		}
		if err != nil {
			r.WriteError(w, req, err)
			return
		}
		w.Header().Set("Content-Type", "text/xml; charset=utf-8")
		if _, err := w.Write([]byte("<Response/>")); err != nil {
			a.service.log.DebugContext(req.Context(), "webhook answer not delivered", "error", err)
		}
	}
}

// status takes a report on an outbound message.
func (a *API) status(ctx context.Context, form, query params) error {
	id, err := strconv.ParseInt(query.Get("m"), 10, 64)
	if err != nil || id < 1 {
		id = 0 // a message of before, or of another installation on the account
	}
	return a.service.Report(ctx, Report{
		MessageID: id, SID: form.Get("MessageSid"), Status: form.Get("MessageStatus"), ErrorCode: form.Get("ErrorCode"),
	})
}

// inbound takes an SMS from outside.
func (a *API) inbound(ctx context.Context, form, _ params) error {
	media, err := strconv.Atoi(form.Get("NumMedia"))
	if err != nil || media < 0 {
		media = 0
	}
	err = a.service.Receive(ctx, Incoming{
		SID: form.Get("MessageSid"), From: form.Get("From"), To: form.Get("To"), Body: form.Get("Body"), Media: min(media, maxMedia),
	})
	if errors.Is(err, errNoSID) {
		return fault.Wrap(err, fault.Invalid, "invalid_input", "The message has no id.")
	}
	return err
}
