-- Articles of the knowledge base. The files of content are the truth; here stands every version that
-- was ever shown, so that it is found by words and that votes and readings know what they are about.
-- Words of weight A are the title, B what it is asked with, D the answer, C what only staff read.
CREATE TABLE crm_article (
    slug      text        NOT NULL CHECK (slug <> ''),
    hash      text        NOT NULL CHECK (hash <> ''),
    language  text        NOT NULL CHECK (language <> ''),
    content   jsonb       NOT NULL CHECK (jsonb_typeof(content) = 'object'),
    title     text        NOT NULL,
    kind      text        NOT NULL,
    public    boolean     NOT NULL,
    roles     text[]      NOT NULL,
    review_on date        NOT NULL,
    words     tsvector    NOT NULL,
    shown     boolean     NOT NULL,
    kept_at   timestamptz NOT NULL,
    PRIMARY KEY (slug, hash)
);
CREATE UNIQUE INDEX crm_article_shown ON crm_article (language, slug) WHERE shown;
CREATE INDEX crm_article_words ON crm_article USING gin (words);

-- Words of four letters and more that articles have: what a slip of the hand is mended by.
CREATE TABLE crm_article_word (word text PRIMARY KEY);
CREATE INDEX crm_article_word_alike ON crm_article_word USING gin (word gin_trgm_ops);

-- One vote of an employee on a version; a new version may be voted on anew.
CREATE TABLE crm_article_vote (
    slug     text        NOT NULL,
    hash     text        NOT NULL,
    user_id  bigint      NOT NULL,
    useful   boolean     NOT NULL,
    note     text        NOT NULL DEFAULT '' CHECK (length(note) <= 1000),
    voted_at timestamptz NOT NULL,
    PRIMARY KEY (slug, hash, user_id),
    FOREIGN KEY (slug, hash) REFERENCES crm_article
);

-- Who said to have read which version, and when.
CREATE TABLE crm_article_reading (
    slug    text        NOT NULL,
    hash    text        NOT NULL,
    user_id bigint      NOT NULL,
    read_at timestamptz NOT NULL,
    PRIMARY KEY (slug, hash, user_id),
    FOREIGN KEY (slug, hash) REFERENCES crm_article
);

-- A version found still true: until when it is relied on, later than its own text says.
CREATE TABLE crm_article_review (
    slug     text        NOT NULL,
    hash     text        NOT NULL,
    no       integer     NOT NULL CHECK (no > 0),
    until    date        NOT NULL,
    by       text        NOT NULL CHECK (by <> ''),
    at       timestamptz NOT NULL,
    PRIMARY KEY (slug, hash, no),
    FOREIGN KEY (slug, hash) REFERENCES crm_article
);

WITH wanted (code, rights) AS (VALUES
    ('head', '{crm.knowledge.view,crm.knowledge.report,crm.knowledge.review}'::text[]),
    ('shift', '{crm.knowledge.view,crm.knowledge.report}'),
    ('office', '{crm.knowledge.view}'),
    ('cash', '{crm.knowledge.view}'),
    ('coord', '{crm.knowledge.view}'),
    ('retain', '{crm.knowledge.view}'),
    ('collect', '{crm.knowledge.view}'),
    ('tech', '{crm.knowledge.view}'),
    ('hr', '{crm.knowledge.view,crm.knowledge.report}')
)
UPDATE web_role r SET rights = r.rights || ARRAY(
    SELECT x FROM unnest(w.rights) x WHERE NOT (x = ANY (r.rights)))
FROM wanted w WHERE w.code = r.code;
