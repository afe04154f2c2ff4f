-- The very texts by which people spoke: a script by the hash of its text. Nothing in it changes.
CREATE TABLE crm_script_text (
    hash    text        PRIMARY KEY CHECK (hash <> ''),
    slug    text        NOT NULL CHECK (slug <> ''),
    content jsonb       NOT NULL CHECK (jsonb_typeof(content) = 'object'),
    kept_at timestamptz NOT NULL
);

-- The installation's own versions of a script. The latest published one is played in place of the
-- one that comes with the program; a draft is still being written.
CREATE TABLE crm_script_version (
    slug         text        NOT NULL CHECK (slug <> ''),
    no           integer     NOT NULL CHECK (no > 0),
    state        text        NOT NULL CHECK (state IN ('draft', 'published')),
    draft        jsonb       CHECK (jsonb_typeof(draft) = 'object'),
    hash         text        REFERENCES crm_script_text,
    made_at      timestamptz NOT NULL,
    made_by      text        NOT NULL,
    published_at timestamptz,
    published_by text,
    note         text        NOT NULL DEFAULT '',
    version      integer     NOT NULL DEFAULT 1,
    PRIMARY KEY (slug, no),
    CHECK ((state = 'draft') = (draft IS NOT NULL)),
    CHECK ((state = 'published') = (hash IS NOT NULL)),
    CHECK ((state = 'published') = (published_at IS NOT NULL)),
    CHECK ((state = 'published') = (published_by IS NOT NULL))
);
CREATE UNIQUE INDEX crm_script_version_draft ON crm_script_version (slug) WHERE state = 'draft';
CREATE INDEX crm_script_version_hash ON crm_script_version (hash);

CREATE FUNCTION crm_script_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a script that was published or played does not change: publish a new version';
END
$$;
CREATE TRIGGER crm_script_text_is_final BEFORE UPDATE OR DELETE ON crm_script_text
    FOR EACH ROW EXECUTE FUNCTION crm_script_is_final();
CREATE TRIGGER crm_script_version_is_final BEFORE UPDATE OR DELETE ON crm_script_version
    FOR EACH ROW WHEN (OLD.state = 'published') EXECUTE FUNCTION crm_script_is_final();

-- A conversation by a script. It may be with somebody who has no account yet: like a request, its
-- keys do not begin with an account. `stages` has a bit for each stage reached, the first is 1.
CREATE TABLE crm_script_run (
    id         bigint      PRIMARY KEY,
    slug       text        NOT NULL,
    hash       text        NOT NULL REFERENCES crm_script_text,
    account_id bigint      REFERENCES billing_account,
    played_by  text        NOT NULL CHECK (played_by <> ''),
    began_at   timestamptz NOT NULL,
    ended_at   timestamptz CHECK (ended_at >= began_at),
    no         smallint    NOT NULL CHECK (no > 0),
    stages     smallint    NOT NULL CHECK (stages BETWEEN 1 AND 127),
    outcome    text        CHECK (outcome <> ''),
    kind       text        CHECK (kind IN ('good', 'neutral', 'bad')),
    note       text        NOT NULL DEFAULT '',
    CHECK ((ended_at IS NULL) = (outcome IS NULL)),
    CHECK ((outcome IS NULL) = (kind IS NULL))
);
COMMENT ON COLUMN crm_script_run.no IS 'the step it stands at';
CREATE INDEX crm_script_run_hash ON crm_script_run (hash);
CREATE INDEX crm_script_run_account ON crm_script_run (account_id, began_at DESC);
CREATE INDEX crm_script_run_played ON crm_script_run (slug, began_at);
CREATE INDEX crm_script_run_person ON crm_script_run (played_by, began_at);
CREATE UNIQUE INDEX crm_script_run_order ON crm_script_run (began_at, id);
CREATE UNIQUE INDEX crm_script_run_open ON crm_script_run (played_by, account_id, slug)
    WHERE ended_at IS NULL AND account_id IS NOT NULL;

-- Every step shown, with what was answered; going back marks it undone and keeps it.
CREATE TABLE crm_script_step (
    run_id      bigint      NOT NULL REFERENCES crm_script_run,
    no          smallint    NOT NULL CHECK (no > 0),
    step        text        NOT NULL CHECK (step <> ''),
    shown_at    timestamptz NOT NULL,
    answer      smallint    CHECK (answer >= 0),
    answered_at timestamptz,
    note        text        NOT NULL DEFAULT '',
    undone      boolean     NOT NULL DEFAULT false,
    PRIMARY KEY (run_id, no),
    CHECK ((answer IS NULL) = (answered_at IS NULL))
);
COMMENT ON COLUMN crm_script_step.answer IS 'its place among the answers of the step, from 0';

-- Objections looked up in a conversation, and whether it went on after the answer to them: whether
-- a good end could still be reached.
CREATE TABLE crm_script_objection (
    run_id    bigint      NOT NULL REFERENCES crm_script_run,
    no        smallint    NOT NULL CHECK (no > 0),
    objection text        NOT NULL CHECK (objection <> ''),
    shown_at  timestamptz NOT NULL,
    went_on   boolean,
    PRIMARY KEY (run_id, no, objection)
);
COMMENT ON COLUMN crm_script_objection.no IS 'the step at which it was shown';
CREATE INDEX crm_script_objection_shown ON crm_script_objection (shown_at) INCLUDE (objection, went_on);

WITH wanted (code, rights) AS (VALUES
    ('head', '{crm.script.play,crm.script.view,crm.script.edit}'::text[]),
    ('shift', '{crm.script.play,crm.script.view}'),
    ('trainer', '{crm.script.play,crm.script.view,crm.script.edit}'),
    ('office', '{crm.script.play}'),
    ('cash', '{crm.script.play}'),
    ('retain', '{crm.script.play}'),
    ('collect', '{crm.script.play}'),
    ('coord', '{crm.script.play}'),
    ('agent', '{crm.script.play}')
)
UPDATE web_role r SET rights = r.rights || ARRAY(
    SELECT x FROM unnest(w.rights) x WHERE NOT (x = ANY (r.rights)))
FROM wanted w WHERE w.code = r.code;
