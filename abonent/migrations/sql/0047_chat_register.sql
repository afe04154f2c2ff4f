-- All chats, the latest first, found among requests of which few are chats.
CREATE INDEX crm_request_chats_received ON crm_request (received_at, id) WHERE channel = 'chat';
