-- +goose Up
-- A user's own telephone number, for reminders by SMS.

alter table users add column mobile text not null default '';
comment on column users.mobile is 'E.164, or empty';

-- +goose Down
alter table users drop column mobile;
