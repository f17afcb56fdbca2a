-- +goose Up
-- One numbered stream of events per user.

create table live_streams (
    user_id bigint primary key,
    epoch   uuid not null default gen_random_uuid(),
    seq     bigint not null default 0
);

create table live_events (
    user_id bigint not null,
    seq     bigint not null,
    at      timestamptz not null default clock_timestamp(),
    kind    text not null,
    body    jsonb not null,
    primary key (user_id, seq)
);
create index live_events_at on live_events (at);

-- +goose Down
drop table live_events, live_streams;
