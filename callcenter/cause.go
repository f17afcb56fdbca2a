package callcenter

// Q.850 causes that decide something (ITU-T Q.850, clause 2.2.7).
const (
	CauseUnallocated        = 1
	CauseNoRoute            = 3
	CauseNormal             = 16
	CauseBusy               = 17
	CauseNoResponse         = 18
	CauseNoAnswer           = 19
	CauseSubscriberAbsent   = 20
	CauseRejected           = 21
	CauseNumberChanged      = 22
	CauseAnsweredElsewhere  = 26
	CauseOutOfOrder         = 27
	CauseInvalidNumber      = 28
	CauseNormalUnspecified  = 31
	CauseCongestion         = 34
	CauseNetworkOutOfOrder  = 38
	CauseChannelUnavailable = 44
	CauseRecoveryOnTimer    = 102
)

// outboundOutcome classifies an outbound call that ended before an answer.
func outboundOutcome(cause int) Outcome {
	switch cause {
	case CauseBusy:
		return Busy
	case CauseNoResponse, CauseNoAnswer, CauseNormal, CauseNormalUnspecified:
		return NoAnswer
	case CauseRejected:
		return Declined
	case CauseUnallocated, CauseInvalidNumber, CauseNumberChanged:
		return WrongNumber
	}
	return Unreachable
}

// refuser says who ended an outbound call before an answer: a client who refuses it does so himself, everything else
// is the network's doing.
func refuser(cause int) Party {
	if cause == CauseBusy || cause == CauseRejected {
		return ByClient
	}
	return ByPBX
}

// offerResult names what became of an offer whose leg ended before an answer.
func offerResult(cause int) (result string, reason WithdrawReason) {
	switch cause {
	case CauseBusy, CauseRejected:
		return "declined", AgentDeclined
	case CauseNoAnswer, CauseNoResponse, CauseNormal:
		return "no_answer", RingTimeout
	}
	return "unreachable", NoPhone
}

var causeTexts = map[int]string{
	CauseUnallocated: "unallocated_number", CauseNoRoute: "no_route", CauseNormal: "normal_clearing",
	CauseBusy: "busy", CauseNoResponse: "no_response", CauseNoAnswer: "no_answer",
	CauseSubscriberAbsent: "subscriber_absent", CauseRejected: "rejected", CauseNumberChanged: "number_changed",
	CauseAnsweredElsewhere: "answered_elsewhere", CauseOutOfOrder: "out_of_order",
	CauseInvalidNumber: "invalid_number", CauseNormalUnspecified: "normal_unspecified",
	CauseCongestion: "congestion", CauseNetworkOutOfOrder: "network_out_of_order",
	CauseChannelUnavailable: "media_lost", CauseRecoveryOnTimer: "recovery_on_timer",
}

// CauseText returns a stable snake_case name for a Q.850 cause: the key of its translation. An unknown cause
// is "other", and 0 is empty.
func CauseText(cause int) string {
	if cause == 0 {
		return ""
	}
	if text, ok := causeTexts[cause]; ok {
		return text
	}
	return "other"
}
