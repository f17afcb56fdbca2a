-- +goose Up
-- Search as you type. A name is found by the beginning of any of its words, however it is written: in Cyrillic, in
-- Latin letters as they are customary, or by how it sounds. Package client has the same rules in Go; a test holds the
-- two together.

-- +goose StatementBegin
create function name_latin(key text) returns text language sql immutable strict parallel safe as $$
    select translate(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(
        translate(key, '&@.-''%_+#', '         '),
        'ье', 'ие'), 'щ', 'shch'), 'ж', 'zh'), 'х', 'kh'), 'ц', 'ts'), 'ч', 'ch'), 'ш', 'sh'), 'ю', 'yu'), 'я', 'ya'), 'є', 'ye'),
        'абвгдезиклмнопрстуфыэіґъь', 'abvgdeziklmnoprstufyeig')
$$;
-- +goose StatementEnd
comment on function name_latin is 'a folded name, its signs as spaces, Cyrillic spelled in Latin letters';

-- +goose StatementBegin
create function name_sound(latin text) returns text language sql immutable strict parallel safe as $$
    select regexp_replace(regexp_replace(translate(replace(replace(replace(
        regexp_replace(regexp_replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(
        latin,
        'shch', 's'), 'sch', 's'), 'sh', 's'), 'dzh', 'j'), 'zh', 'j'), 'kh', 'j'), 'tch', '!'), 'ch', '!'), 'ph', 'f'), 'ck', 'k'), 'h', ''), 'x', 'ks'), 'qu', 'k'),
        'gu([eiy])', 'j\1', 'g'), 'c([eiy])', 's\1', 'g'),
        'tz', 's'), 'ts', 's'), '!', 'ch'),
        'cgqwyz', 'kjkvis'), '(^| )ie', '\1e', 'g'), '([a-z])\1+', '\1', 'g')
$$;
-- +goose StatementEnd
comment on function name_sound is 'how a name in Latin letters sounds, roughly: Sergey, Sergei and Сергей are one, so are Pérez and Перес';

-- +goose StatementBegin
create function name_words(key text) returns tsvector language sql immutable strict parallel safe as $$
    select array_to_tsvector(array_remove(string_to_array(l || ' ' || public.name_sound(l), ' '), '')) from public.name_latin(key) l
$$;
-- +goose StatementEnd

create index clients_words on clients using gin (name_words(name_key));

-- Every word of names, with what is left of it when one letter is dropped: a slip of the finger leaves something in
-- common with what was meant. Filled from behind, a minute after a name is new.
create table name_words (
    word text collate "C" primary key,
    near text[] not null
);
create index name_words_near on name_words using gin (near);
create table name_words_learned (
    id        int primary key default 1 check (id = 1),
    client_id bigint not null default 0
);
insert into name_words_learned default values;

-- An address is found by its beginning, or by the beginning of its domain.
create index contact_points_address on contact_points (value text_pattern_ops) where kind <> 'phone';
create index contact_points_domain on contact_points (split_part(value, '@', 2) text_pattern_ops) where kind = 'email';

-- +goose StatementBegin
create function plain_words(t text) returns tsvector language sql immutable strict parallel safe as $$
    select to_tsvector('pg_catalog.simple'::regconfig, translate(lower(t), 'áàâäãéèêëíìîïóòôöõúùûüñçёй', 'aaaaaeeeeiiiiooooouuuuncеи'))
$$;
-- +goose StatementEnd
comment on function plain_words is 'the words of a text as search folds them';
create index notes_words on notes using gin (plain_words(text));
create index clients_note_words on clients using gin (plain_words(note)) where note <> '';

-- +goose Down
drop index clients_note_words, notes_words, contact_points_domain, contact_points_address, clients_words;
drop table name_words_learned, name_words;
drop function plain_words(text), name_words(text), name_sound(text), name_latin(text);
