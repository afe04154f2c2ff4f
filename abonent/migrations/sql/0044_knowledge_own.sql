-- The installation's own versions of articles, and articles of its own. The latest one that is no
-- draft counts: a published one is shown in place of the file of that name, a withdrawn one hides it.
-- A draft is still being written and stands last.
CREATE TABLE crm_article_version (
    language   text        NOT NULL CHECK (language <> ''),
    slug       text        NOT NULL CHECK (slug <> ''),
    no         integer     NOT NULL CHECK (no > 0),
    state      text        NOT NULL CHECK (state IN ('draft', 'published', 'withdrawn')),
    content    jsonb       NOT NULL CHECK (jsonb_typeof(content) = 'object'),
    hash       text,
    made_at    timestamptz NOT NULL,
    made_by    text        NOT NULL CHECK (made_by <> ''),
    decided_at timestamptz,
    decided_by text,
    note       text        NOT NULL DEFAULT '' CHECK (length(note) <= 1000),
    version    integer     NOT NULL DEFAULT 1,
    PRIMARY KEY (language, slug, no),
    FOREIGN KEY (slug, hash) REFERENCES crm_article,
    CHECK ((state = 'published') = (hash IS NOT NULL)),
    CHECK ((state = 'draft') = (decided_at IS NULL)),
    CHECK ((state = 'draft') = (decided_by IS NULL))
);
COMMENT ON COLUMN crm_article_version.content IS 'of a withdrawn one: the text that was shown last';
CREATE UNIQUE INDEX crm_article_version_draft ON crm_article_version (language, slug)
    WHERE state = 'draft';
CREATE INDEX crm_article_version_shown ON crm_article_version (slug, hash);

CREATE FUNCTION crm_article_version_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a version of an article that was published or withdrawn does not change';
END
$$;
CREATE TRIGGER crm_article_version_is_final BEFORE UPDATE OR DELETE ON crm_article_version
    FOR EACH ROW WHEN (OLD.state <> 'draft') EXECUTE FUNCTION crm_article_version_is_final();

WITH wanted (code, rights) AS (VALUES
    ('head', '{crm.knowledge.edit}'::text[]),
    ('trainer', '{crm.knowledge.view,crm.knowledge.edit}')
)
UPDATE web_role r SET rights = r.rights || ARRAY(
    SELECT x FROM unnest(w.rights) x WHERE NOT (x = ANY (r.rights)))
FROM wanted w WHERE w.code = r.code;
