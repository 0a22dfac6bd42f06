"""What the database itself does for personal values in the history: encrypts them with their person's key, and opens them.

No key leaves the database. The cipher is SHA-256 over (key, number used once, counter) as a stream of blocks that is
XORed with the value, padded to whole blocks; that the text is as it was written is what the seals say. docs/adr/0012
tells why it is no extension's. What is stored in place of a value: {"encrypted": "1.<number of the key>.<base64>"}.
"""

from collections.abc import Iterator

from app.core.persons import Private
from app.core.policy import READERS, role

MIXED = """
CREATE OR REPLACE FUNCTION personal_mixed(message bytea, key bytea, nonce bytea) RETURNS bytea LANGUAGE plpgsql IMMUTABLE
AS $$
DECLARE stream text[] := '{}';
BEGIN
    FOR n IN 1 .. length(message) / 32 LOOP
        stream[n] := encode(sha256(key || nonce || int4send(n)), 'hex');
    END LOOP;
    RETURN substring(varbit_send(
        ('x' || encode(message, 'hex'))::varbit # ('x' || array_to_string(stream, ''))::varbit) FROM 5);
END $$"""
"""The same for both ways. What PostgreSQL sends of bits begins with four bytes that say how many there are."""
MADE = """
CREATE OR REPLACE FUNCTION personal_keys(kind text, persons bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF cardinality(persons) = 0 THEN RETURN; END IF;
    INSERT INTO public.personal_key (entity, row_id, key)
    SELECT kind, w.person, sha256(
        uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
    FROM (SELECT DISTINCT person FROM unnest(persons) person) w WHERE w.person IS NOT NULL AND NOT EXISTS (
        SELECT FROM public.personal_key k WHERE k.entity = kind AND k.row_id = w.person AND k.erased_at IS NULL)
    ORDER BY w.person ON CONFLICT (entity, row_id) WHERE erased_at IS NULL DO NOTHING;
END $$"""
"""A key for each of these persons who has none: 366 bits of the system's chance make 256. Two at once make one."""
ENCRYPTED = """
CREATE OR REPLACE FUNCTION personal_encrypted(kind text, person bigint, said json) RETURNS json LANGUAGE plpgsql
SET plan_cache_mode = auto AS $$
DECLARE held public.personal_key; plain bytea; nonce bytea;
BEGIN
    IF said IS NULL THEN RETURN NULL; END IF;
    SELECT * INTO held FROM public.personal_key k WHERE k.entity = kind AND k.row_id = person AND k.erased_at IS NULL;
    IF held.key IS NULL THEN
        PERFORM public.personal_keys(kind, ARRAY[person]);
        SELECT * INTO STRICT held FROM public.personal_key k
            WHERE k.entity = kind AND k.row_id = person AND k.erased_at IS NULL;
    END IF;
    plain := convert_to(said::text, 'UTF8');
    plain := plain || convert_to(repeat(' ', (- length(plain)) & 31), 'UTF8');
    nonce := uuid_send(gen_random_uuid());
    RETURN json_build_object('encrypted', '1.' || held.id || '.'
        || translate(encode(nonce || public.personal_mixed(plain, held.key, nonce), 'base64'), E'\\n', ''));
END $$"""
DECRYPTED = """
CREATE OR REPLACE FUNCTION personal_decrypted(said jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE parts text[]; held bytea; message bytea;
BEGIN
    parts := regexp_match(said ->> 'encrypted', '^1[.]([0-9]{1,18})[.]([A-Za-z0-9+/=]+)$');
    IF parts IS NULL THEN RETURN said; END IF;
    SELECT k.key INTO held FROM public.personal_key k WHERE k.id = parts[1]::bigint;
    IF held IS NULL THEN RETURN '{"erased": true}'; END IF;
    message := decode(parts[2], 'base64');
    RETURN convert_from(public.personal_mixed(substring(message FROM 17), held, substring(message FROM 1 FOR 16)), 'UTF8')::jsonb;
EXCEPTION WHEN data_exception THEN
    RETURN said;
END $$"""
"""A value that was altered stays as it stands: the seals name its row, a screen only has to go on."""
OPENED = """
CREATE OR REPLACE FUNCTION personal_opened(changes jsonb) RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp SET plan_cache_mode = auto AS $$
SELECT jsonb_object_agg(c.key, CASE jsonb_typeof(c.value) WHEN 'object' THEN personal_decrypted(c.value)
    WHEN 'array' THEN coalesce((
    SELECT jsonb_agg(CASE WHEN jsonb_typeof(e.value) = 'object' THEN personal_decrypted(e.value) ELSE e.value END
        ORDER BY e.place) FROM jsonb_array_elements(c.value) WITH ORDINALITY e(value, place)), c.value)
    ELSE c.value END)
FROM jsonb_each(changes) c $$"""
"""The changed fields of a row of the history, or what a deleted row was, for whoever row security shows it."""
ERASED = """
CREATE OR REPLACE FUNCTION personal_erased(kind text, person bigint) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE public.personal_key SET key = NULL, erased_at = clock_timestamp()
        WHERE entity = kind AND row_id = person AND erased_at IS NULL;
    RETURN FOUND;
END $$"""
_INNER = (
    "personal_mixed(bytea, bytea, bytea)", "personal_keys(text, bigint[])", "personal_encrypted(text, bigint, json)",
    "personal_decrypted(jsonb)",
)  # fmt: skip
_CALLED = ("personal_opened(jsonb)", "personal_erased(text, bigint)")


def functions() -> Iterator[str]:
    """All of them, closed to everybody; triggers run in the owner's name."""
    yield from (MIXED, MADE, ENCRYPTED, DECRYPTED, OPENED, ERASED)
    for signature in (*_INNER, *_CALLED):
        yield f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC"


def grants(prefix: str) -> Iterator[str]:
    """Whoever reads history opens what he reads of it; only the house destroys a key."""
    readers = ", ".join(f'"{role(prefix, kind)}"' for kind in (*READERS, "none"))
    yield f"GRANT EXECUTE ON FUNCTION personal_opened(jsonb) TO {readers}"
    yield f'GRANT EXECUTE ON FUNCTION personal_erased(text, bigint) TO "{role(prefix, "all")}"'


def value(own: Private, row: str, said: str) -> str:
    """A value of the row that a trigger calls `row`, as it is kept."""
    return f"personal_encrypted('{own.person.slug()}', {row}.{own.column}, {said})"


def hidden(slug: str) -> str:
    """The codes of the entity's personal custom fields; asked once a statement."""
    return f"(SELECT array_agg(f.code::text) FROM custom_field f WHERE f.entity = '{slug}' AND f.is_personal)"


def keys_of_change(own: Private, slug: str) -> str:
    """Makes the keys that a statement's changes need, for all of its rows at once."""
    both = f"SELECT unnest(ARRAY[o.{own.column}, n.{own.column}]) FROM o JOIN n USING (id)"
    old, new = (", ".join(f"{row}.{name}" for name in own.columns) for row in ("o", "n"))
    differs = f"ROW({old}) IS DISTINCT FROM ROW({new})" if own.columns else ""
    return _keys(own, slug, both, differs, "o.custom IS DISTINCT FROM n.custom")


def keys_of_removal(own: Private, slug: str) -> str:
    """The same for rows that are deleted."""
    there = f"num_nonnulls({', '.join(f'o.{name}' for name in own.columns)}) > 0" if own.columns else ""
    return _keys(own, slug, f"SELECT o.{own.column} FROM o", there, "o.custom IS NOT NULL")


def _keys(own: Private, slug: str, persons: str, where: str, where_custom: str) -> str:
    made = f"PERFORM personal_keys('{own.person.slug()}', ARRAY({persons} WHERE "
    found = f"{made}{where})); " if where else ""
    if own.is_open:
        asked = f"EXISTS (SELECT FROM custom_field f WHERE f.entity = '{slug}' AND f.is_personal)"
        found += f"IF {asked} THEN {made}{where_custom})); END IF; "
    return found
