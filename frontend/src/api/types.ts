/**
 * The shapes of the HTTP API, made from its OpenAPI file (`npm run
 * api:generate`). What is written out here are only the words that the API
 * calls plain strings and the screens need to tell apart.
 */
import type { components } from './schema';

type Schemas = components['schemas'];
type Narrow<T, P> = Omit<T, keyof P> & P;

export type Permission =
  | 'clients.read'
  | 'clients.write'
  | 'clients.delete'
  | 'clients.import'
  | 'clients.export'
  | 'exports.approve'
  | 'leads.read'
  | 'leads.work'
  | 'leads.assign'
  | 'calls.use'
  | 'calls.read'
  | 'recordings.play'
  | 'messages.read'
  | 'messages.send'
  | 'reminders.write'
  | 'views.write'
  | 'segments.read'
  | 'segments.write'
  | 'settings.read'
  | 'settings.write'
  | 'users.write'
  | 'sessions.manage'
  | 'webhooks.manage'
  | 'board.read'
  | 'ledger.read'
  | 'audit.read';

export interface Page<T> {
  items: T[];
  next: string;
  total?: number;
}

export type User = Schemas['User'];
export type NewUser = Schemas['NewUser'];
export type PhoneAccount = Schemas['Phone'];
export type Firm = Schemas['Firm'];
export type AuditChange = Schemas['Difference'];
export type AuditRow = Schemas['AuditRow'];
export type AuditPage = Schemas['AuditOutputBody'];
export type AuditNames = Schemas['Names'];
export type AuditAlert = Schemas['Alert'];
export type Seals = Schemas['Seals'];
export type Quota = Schemas['Quota'];
export type ReaderKind = Quota['kind'];
export type Reader = Schemas['Reader'];

export interface Preferences {
  mobile?: string;
  locale?: string;
  theme?: 'light' | 'dark' | 'auto';
}
export type Me = Narrow<Schemas['Me'], { preferences: Preferences }>;

export type Merge = Schemas['Merge'];
export type Pair = Schemas['Pair'];
export type Similar = Schemas['Similar'];

export type PresenceState = Schemas['Presence']['state'];
export type Presence = Schemas['Presence'];

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
export type LineRef = Schemas['LineView'];
export type Candidate = Schemas['CallCandidate'];
export type CallView = Narrow<Schemas['CallView'], { phase: CallPhase; candidates: Candidate[] }>;
export type TraceStep = Schemas['TraceStep'];
export type Recording = Schemas['View'];
export type Health = Narrow<
  Schemas['Health'],
  { components: Narrow<Schemas['Component'], { state: 'ok' | 'degraded' | 'down' }>[] }
>;

export type Line = Schemas['Line'];
export type ClientRow = Schemas['ClientRow'];
export type ContactPoint = Schemas['ContactPoint'];
export type Client = Schemas['Client'];
export type NewClient = Schemas['ClientCreate'];
export type ClientKind = Client['kind'];
export type PointKind = Schemas['NewPoint']['kind'];
export const pointKinds = ['phone', 'email', 'messenger'] as const satisfies PointKind[];
export type TimelineEntry = Schemas['TimelineEntry'];
export type TimelineKind = TimelineEntry['kind'];
export const timelineKinds = ['call', 'sms', 'note', 'file'] as const satisfies TimelineKind[];
export type Card = Schemas['Card'];
export type NamedClient = Schemas['Named'];
export type Colleague = Schemas['Colleague'];
export type Relation = Schemas['Relation'];
export type Address = Schemas['Address'];
export type NewAddress = Omit<Schemas['NewAddress'], '$schema'>;
export type Consent = Schemas['Consent'];
export type NewConsent = Omit<Schemas['NewConsent'], '$schema'>;
export type Tag = Schemas['Tag'];
export type Source = Schemas['Source'];
export type AtHand = Schemas['AtHand'];
export type ClientFile = Schemas['File'];
export type FileList = Schemas['FileList'];
export type Deed = Schemas['Deed'];
export const addressKinds = [
  'main',
  'home',
  'work',
  'billing',
  'delivery',
  'other',
] as const satisfies Address['kind'][];
export const consentKinds = ['data', 'sms', 'calls', 'email'] as const satisfies Consent['kind'][];
export const consentWays = [
  'spoken',
  'call',
  'written',
  'web',
  'email',
  'message',
  'other',
] as const satisfies Consent['how'][];

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
] as const satisfies Schemas['CloseLeadInputBody']['closing'][];
export type Closing = (typeof closings)[number];

export type Lead = Narrow<Schemas['Lead'], { class: LeadClass }>;
export type LeadEntry = Schemas['LeadEntry'];
export type LeadDetail = Narrow<Schemas['LeadDetail'], { class: LeadClass }>;
export type LeadHit = Schemas['LeadHit'];
export type FreeAgent = Schemas['FreeAgent'];
export type Balance = Schemas['Balance'];
export type Board = Narrow<
  Schemas['Board'],
  { rows: Lead[]; classes: Narrow<Schemas['ClassCount'], { class: LeadClass }>[] }
>;

export type Message = Schemas['Message'];
export type MessageTemplate = Schemas['Template'];
export type OutboxEntry = Schemas['OutboxEntry'];
export type Reminder = Schemas['Reminder'];
export type NewReminder = Schemas['ReminderDraft'];

export type Import = Schemas['Import'];
export type ImportMapping = Schemas['Mapping'];
export type ImportColumn = Schemas['Column'];
export type ImportPolicy = Schemas['Policy'];
export type ImportPreview = Schemas['Preview'];
export type ImportVerdict = Schemas['Verdict'];
export type ImportReport = Schemas['Report'];
export type SheetFormat = Schemas['Format'];
export type Export = Schemas['Export'];
export type ExportWish = Schemas['ExportWish'];
export type ExportSettings = Schemas['Settings'];
export type Canary = Schemas['Canary'];
export type FieldInfo = Schemas['FieldInfo'];
export type FilterNode = Schemas['Node'];

export type Queue = Schemas['Queue'];
export type QueueFields = Partial<Omit<Queue, 'id' | 'version'>>;
export type QueueState = Schemas['QueueState'];
export type QueueVersion = Schemas['Version'];
export type Skill = Schemas['Skill'];
export type QueuePlace = Schemas['Place'];
export type QueueOverflow = Schemas['Overflow'];
export type QueueSkillRule = Schemas['SkillRule'];

export type PauseReason = Schemas['PauseReason'];
export type Disposition = Schemas['Disposition'];
export type DispositionFields = Schemas['DispositionFields'];
