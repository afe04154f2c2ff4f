-- Every word of every name, once. A slip of the hand is looked for among these few, and what they
-- turn out to mean among the many: a million names are never compared one by one.
CREATE TABLE crm_name_word (word text PRIMARY KEY);
COMMENT ON TABLE crm_name_word IS 'words are only added: who bears one, or bore it, is not told here';
CREATE INDEX crm_name_word_alike ON crm_name_word USING gin (word gin_trgm_ops);
CREATE INDEX crm_name_word_begins ON crm_name_word (word text_pattern_ops);

CREATE FUNCTION crm_learn_name_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO crm_name_word
    SELECT DISTINCT word FROM written, regexp_split_to_table(name_key, '[^[:alpha:]]+') word
    -- In one order, so that two who write at once wait for each other and not in a ring.
    WHERE length(word) >= 3 AND NOT EXISTS (SELECT FROM crm_name_word k WHERE k.word = word.word)
    ORDER BY word
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER crm_subscriber_words_new AFTER INSERT ON crm_subscriber
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION crm_learn_name_words();
CREATE TRIGGER crm_subscriber_words_changed AFTER UPDATE ON crm_subscriber
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION crm_learn_name_words();

INSERT INTO crm_name_word
SELECT DISTINCT word FROM crm_subscriber, regexp_split_to_table(name_key, '[^[:alpha:]]+') word
WHERE length(word) >= 3;
