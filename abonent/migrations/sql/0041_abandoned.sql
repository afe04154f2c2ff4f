-- Conversations by scripts that nobody has ended: looked through for those that were left.
CREATE INDEX crm_script_run_left ON crm_script_run (began_at) WHERE ended_at IS NULL;
