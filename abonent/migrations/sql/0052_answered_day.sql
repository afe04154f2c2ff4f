-- What was answered on a day, found among requests of years.
CREATE INDEX crm_request_answered_at ON crm_request (answered_at) WHERE answered_at IS NOT NULL;
