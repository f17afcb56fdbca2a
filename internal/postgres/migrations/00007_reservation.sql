-- +goose Up
-- A reservation that is refused ends its transaction: 0 stands for a call that has the agent already.

alter table agents add constraint agents_taken check (call_id <> 0);

-- +goose Down
alter table agents drop constraint agents_taken;
