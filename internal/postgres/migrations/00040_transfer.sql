-- +goose Up
-- A conversation may go on to a colleague, or have one more in it.

alter table call_segments drop constraint call_segments_kind_check;
alter table call_segments add constraint call_segments_kind_check
    check (kind in ('waiting', 'ringing', 'talk', 'hold', 'message', 'rejoin', 'consult', 'conference')) not valid;

-- +goose Down
delete from call_segments where kind in ('consult', 'conference');
alter table call_segments drop constraint call_segments_kind_check;
alter table call_segments add constraint call_segments_kind_check
    check (kind in ('waiting', 'ringing', 'talk', 'hold', 'message', 'rejoin')) not valid;
