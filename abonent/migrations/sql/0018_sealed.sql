-- Secrets that must be sent or computed with lie sealed (AES-GCM) by a key outside the database.
-- A migration does not know that key: what lies plain is sealed right after it, by `abonent migrate`
-- and every start. NOT VALID: until then the old rows stay, while nothing plain can be written.

ALTER TABLE billing_agreement_secret ADD CONSTRAINT billing_agreement_secret_sealed
    CHECK (name <> 'key' OR starts_with(encode(value, 'escape'), 'v1:')) NOT VALID;
COMMENT ON TABLE billing_agreement_secret IS
    'a password is kept as a digest; a key that we send or check with is sealed';

ALTER TABLE web_second_factor ADD CONSTRAINT web_second_factor_sealed
    CHECK (starts_with(secret, 'v1:')) NOT VALID;
COMMENT ON COLUMN web_second_factor.secret IS
    'sealed: a code cannot be checked against a digest of it';
