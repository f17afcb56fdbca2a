-- +goose Up
-- Lists of clients can be sorted by the day they came.
create index clients_created on clients (created_at, id);

-- +goose Down
drop index clients_created;
