-- Who is written to of a request that nobody deals with: by the team it is with, '' for every other
-- team. Until now the address of claims was; it goes on hearing of them until another is named.
CREATE TABLE crm_request_alarm (
    team  text PRIMARY KEY,
    email text NOT NULL CHECK (email <> '')
);
INSERT INTO crm_request_alarm (team, email)
SELECT '', head_email FROM crm_claim_policy WHERE head_email <> '';
