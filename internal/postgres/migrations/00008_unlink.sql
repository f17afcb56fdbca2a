-- +goose Up
-- A lead that was linked to the wrong client is taken away from him again. Rows there are obey the narrower rule:
-- nothing needs to be read for the wider one.

alter table lead_entries drop constraint lead_entries_kind_check;
alter table lead_entries add constraint lead_entries_kind_check check (kind in ('opened', 'continued', 'answered', 'missed',
    'attempt', 'reached', 'unreached', 'assigned', 'linked', 'unlinked', 'next_step', 'leased', 'released', 'closed',
    'reopened', 'voicemail', 'note')) not valid;

-- +goose Down
alter table lead_entries drop constraint lead_entries_kind_check;
alter table lead_entries add constraint lead_entries_kind_check check (kind in ('opened', 'continued', 'answered', 'missed',
    'attempt', 'reached', 'unreached', 'assigned', 'linked', 'next_step', 'leased', 'released', 'closed', 'reopened',
    'voicemail', 'note')) not valid;
