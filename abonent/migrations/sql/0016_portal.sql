-- The subscriber's portal: sign-in, sessions, payment intents.
SELECT 1;
