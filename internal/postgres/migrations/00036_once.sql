-- +goose Up
-- What requests with an idempotency key were answered, so that each is done once.

create table kept_answers (
    user_id    bigint not null references users on delete cascade,
    key        text not null check (length(key) between 1 and 255),
    print      bytea not null,
    asked_at   timestamptz not null default now(),
    status     int,
    headers    jsonb,
    body       bytea,
    primary key (user_id, key)
);
comment on column kept_answers.print is 'SHA-256 of method, address and body';
comment on column kept_answers.status is 'null: begun, and not known whether it was done';
create index kept_answers_asked_at on kept_answers (asked_at);

-- +goose Down
drop table kept_answers;
