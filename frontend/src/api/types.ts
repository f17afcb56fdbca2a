/** The shapes of the HTTP API, under the names its OpenAPI file gives them. */
type Maybe<T> = T | null | undefined;

export type Permission =
  | 'clients.read'
  | 'clients.write'
  | 'leads.read'
  | 'leads.work'
  | 'leads.assign'
  | 'calls.use'
  | 'calls.read'
  | 'recordings.play'
  | 'messages.read'
  | 'messages.send'
  | 'reminders.write'
  | 'settings.read'
  | 'settings.write'
  | 'users.write'
  | 'board.read'
  | 'ledger.read';

export interface Page<T> {
  items: T[];
  next: string;
  total?: Maybe<number>;
}

export interface User {
  id: number;
  login: string;
  name: string;
  roles: string[];
  locale: string;
  phone_kind: 'browser' | 'desk';
  active: boolean;
  created_at: string;
}

export interface PhoneAccount {
  kind: 'browser' | 'desk';
  uri: string;
  user: string;
  password: string;
  ws_path: string;
}

export interface Firm {
  name: string;
  time_zone: string;
  country: string;
  currency: string;
  allowed_countries: string[];
  lead_warn_seconds: number;
  lead_breach_seconds: number;
  per_user_calls_per_minute: number;
  calls_per_minute: number;
}

export interface Preferences {
  locale?: string;
  theme?: 'light' | 'dark' | 'auto';
  audio?: Record<string, unknown>;
  board?: Record<string, unknown>;
}

export interface Me {
  user: User;
  permissions: string[];
  phone: PhoneAccount;
  firm: Firm;
  preferences: Preferences;
}

export type PresenceState = 'offline' | 'available' | 'ringing' | 'on_call' | 'not_ready';

export interface Presence {
  user_id: number;
  name: string;
  state: PresenceState;
  registered: boolean;
  since: string;
  reason?: Maybe<string>;
  call_id?: Maybe<number>;
}

export interface LineRef {
  id: number;
  name: string;
  number: string;
  color: string;
}

export interface Candidate {
  client_id: number;
  name: string;
  kind: string;
  responsible_id?: Maybe<number>;
  responsible_name: string;
  score: number;
  reason: string;
  matched: string;
  last_contact_at?: Maybe<string>;
  open_leads: number;
}

export type CallPhase =
  | 'arrived'
  | 'waiting'
  | 'ringing'
  | 'talking'
  | 'rejoining'
  | 'message'
  | 'calling_agent'
  | 'dialling'
  | 'far_ringing'
  | 'ended';

export interface CallView {
  id: number;
  direction: 'in' | 'out';
  phase: CallPhase;
  line?: Maybe<LineRef>;
  number: { raw: string; e164: string; display: string; dialable: boolean };
  caller_name: string;
  candidates: Candidate[] | null;
  client_id?: Maybe<number>;
  client_name?: Maybe<string>;
  lead_id?: Maybe<number>;
  user_id?: Maybe<number>;
  user_name?: Maybe<string>;
  started_at: string;
  ringing_at?: Maybe<string>;
  answered_at?: Maybe<string>;
  ended_at?: Maybe<string>;
  held: boolean;
  muted: boolean;
  recording: boolean;
  outcome: string;
  ended_by: string;
  cause: number;
  cause_text: string;
  last_contact_at?: Maybe<string>;
  last_contact?: Maybe<{ at: string; kind: string; user_name: string }>;
  open_leads: number;
  responsible_id?: Maybe<number>;
  responsible_name?: Maybe<string>;
}

export interface TraceStep {
  at: string;
  verdict: string;
  chosen_user_id?: Maybe<number>;
  considered: { user_id: number; name: string; eligible: boolean; reason: string; rank: number }[] | null;
}

export interface Recording {
  call_id: number;
  state: 'recording' | 'processing' | 'ready' | 'missing' | 'failed';
  duration_ms: number;
  sha256: string;
  size_bytes: number;
  peaks: { client: number[] | null; agent: number[] | null };
  audio_url: string;
}

export interface Health {
  components: { name: string; state: 'ok' | 'degraded' | 'down'; detail: string; since: string }[];
  asterisk: {
    version: string;
    startup_time: string;
    channels: number;
    bridges: number;
    endpoints: { user_id: number; name: string; registered: boolean }[] | null;
  };
  pop: { count: number; p50_ms: number; p95_ms: number; max_ms: number };
}

export interface Line {
  id: number;
  name: string;
  number: string;
  country: string;
  language: string;
  ring_seconds: number;
  sticky_seconds: number;
  max_wait_seconds: number;
  lead_value: string;
  color: string;
  active: boolean;
  member_ids: number[] | null;
}

export interface ClientRow {
  id: number;
  kind: 'person' | 'organisation';
  name: string;
  responsible_id?: Maybe<number>;
  responsible_name: string;
  primary_phone: string;
  phones: string[] | null;
  last_contact_at?: Maybe<string>;
  open_leads: number;
}

export interface ContactPoint {
  id: number;
  kind: string;
  raw: string;
  value: string;
  display: string;
  readings: { e164: string; confidence: number }[] | null;
  label: string;
  source: string;
  last_seen_at?: Maybe<string>;
}

export interface Client {
  id: number;
  kind: 'person' | 'organisation';
  name: string;
  responsible_id?: Maybe<number>;
  responsible_name: string;
  organisation_id?: Maybe<number>;
  note: string;
  language: string;
  time_zone: string;
  sms_opt_out_at?: Maybe<string>;
  version: number;
  last_contact_at?: Maybe<string>;
  created_at: string;
  contact_points: ContactPoint[] | null;
  open_leads: number;
}

export interface NewClient {
  kind: string;
  name: string;
  responsible_id?: number;
  note?: string;
  contact_points: { kind: string; raw: string; label: string }[];
  lead_id?: number;
}

export interface TimelineEntry {
  id: number;
  kind: 'call' | 'sms' | 'note';
  direction: 'in' | 'out' | '';
  at: string;
  user_id?: Maybe<number>;
  user_name: string;
  lead_id?: Maybe<number>;
  line_name: string;
  call?: Maybe<{
    id: number;
    outcome: string;
    duration_s: number;
    wait_s: number;
    recording_state: string;
    number: string;
    voicemail: boolean;
    cause_text: string;
  }>;
  sms?: Maybe<{ id: number; body: string; state: string; to: string; from: string; error: string }>;
  note?: Maybe<{ id: number; text: string }>;
}

export const leadClasses = [
  'lost',
  'new',
  'next_step_overdue',
  'answered_no_next_step',
  'our_dial_unanswered',
  'called_back_20m',
  'called_back_23h',
  'client_reached_us',
  'next_step_planned',
] as const;
export type LeadClass = (typeof leadClasses)[number];

export const closings = [
  'converted',
  'answered_resolved',
  'called_back_reached',
  'caller_returned',
  'duplicate',
  'spam',
  'wrong_number',
  'written_off',
] as const;
export type Closing = (typeof closings)[number];

export interface Lead {
  id: number;
  line?: Maybe<LineRef>;
  client_id?: Maybe<number>;
  client_name?: Maybe<string>;
  number: string;
  number_display: string;
  caller_name: string;
  source: string;
  state: string;
  class: LeadClass;
  responsible_id?: Maybe<number>;
  responsible_name: string;
  value: string;
  currency: string;
  note: string;
  recovered: boolean;
  opened_at: string;
  last_contact_at: string;
  touched_at?: Maybe<string>;
  answered_at?: Maybe<string>;
  contacts: number;
  attempts: number;
  last_attempt_at?: Maybe<string>;
  next_step_at?: Maybe<string>;
  next_step_note: string;
  lease?: Maybe<{ user_id: number; user_name: string; until: string; call_id?: Maybe<number> }>;
  closing?: Maybe<string>;
  closing_reason: string;
  closed_by_name: string;
  closed_at?: Maybe<string>;
  due_at?: Maybe<string>;
  overdue_seconds: number;
  last_outcome: string;
  continued?: Maybe<boolean>;
}

/** A lead as the search finds it. */
export interface LeadHit {
  id: number;
  caller_name: string;
  client_id?: Maybe<number>;
  client_name: string;
  line_name: string;
  number: string;
  number_display: string;
  opened_at: string;
  state: string;
}

export interface LeadEntry {
  id: number;
  at: string;
  kind: string;
  user_name: string;
  call_id?: Maybe<number>;
  message_id?: Maybe<number>;
  closing?: Maybe<string>;
  detail: string;
}

export type LeadDetail = Lead & { entries: LeadEntry[] | null };

export interface Balance {
  opened: number;
  open: number;
  closed: { type: string; count: number }[] | null;
  difference: number;
  calls_without_lead: number;
}

export interface Board {
  as_of: string;
  balance: Balance;
  classes: { class: LeadClass; count: number; value: string }[] | null;
  rows: Lead[] | null;
  free: Presence[] | null;
}

export interface Message {
  id: number;
  direction: 'in' | 'out';
  client_id?: Maybe<number>;
  client_name: string;
  lead_id?: Maybe<number>;
  user_name: string;
  from: string;
  to: string;
  body: string;
  state: string;
  error_code: Maybe<string | number>;
  error: string;
  created_at: string;
  sent_at?: Maybe<string>;
  delivered_at?: Maybe<string>;
  reminder_id?: Maybe<number>;
  segments: number;
}

export interface MessageTemplate {
  id: number;
  key: string;
  locale: string;
  title: string;
  body: string;
}

export interface Reminder {
  id: number;
  client_id?: Maybe<number>;
  client_name: string;
  lead_id?: Maybe<number>;
  audience: 'client' | 'user';
  user_id?: Maybe<number>;
  user_name: string;
  channel: 'sms' | 'app';
  text: string;
  local_time: string;
  time_zone: string;
  due_at: string;
  state: string;
  message_id?: Maybe<number>;
  created_by_name: string;
}

export interface NewReminder {
  client_id?: number;
  lead_id?: number;
  audience: 'client' | 'user';
  user_id?: number;
  channel: 'sms' | 'app';
  contact_point_id?: number;
  text: string;
  local_time: string;
  time_zone?: string;
}

export interface AuditEntry {
  id: number;
  at: string;
  user_name: string;
  action: string;
  entity: string;
  entity_id: number;
}

/** An SMS in the loopback carrier that stands in where no real one is set up. */
export interface OutboxEntry {
  at: string;
  body: string;
  direction: string;
  from: string;
  sid: string;
  status: string;
  to: string;
}
