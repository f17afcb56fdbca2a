-- +goose Up
-- Sessions that people see and end, API tokens, second factors, passwords that have to be changed.

alter table sessions
    add column token_name text,
    add column scopes     text[],
    add column proved_at  timestamptz,
    add column ended_by   bigint,
    add check ((token_name is null) = (scopes is null));
comment on column sessions.token_name is 'the name of an API token; null: the session of a browser';
comment on column sessions.scopes is 'the rights that a token has, if its owner has them';
comment on column sessions.proved_at is 'when the person last showed who he is: by password, code or recovery code';
comment on column sessions.ended_by is 'the user who ended it; null: it ended by itself, or a program did';
update sessions set proved_at = created_at;
create index sessions_live on sessions (id desc) where ended_at is null;

alter table users
    add column must_change_password boolean not null default false,
    add column totp_secret       text,
    add column totp_confirmed_at timestamptz,
    add column totp_step         bigint not null default 0;
comment on column users.totp_step is 'the time step of the last code that was taken: none of it or before is taken again';

alter table firms add column totp_roles text[] not null default '{}';
comment on column firms.totp_roles is 'whoever has one of these roles needs a second factor';

create table recovery_codes (
    user_id   bigint not null references users on delete cascade,
    code_hash bytea not null,
    used_at   timestamptz,
    primary key (user_id, code_hash)
);

-- +goose Down
drop table recovery_codes;
alter table firms drop column totp_roles;
alter table users drop column must_change_password, drop column totp_secret, drop column totp_confirmed_at, drop column totp_step;
drop index sessions_live;
delete from sessions where token_name is not null;
alter table sessions drop column token_name, drop column scopes, drop column proved_at, drop column ended_by;
