-- Payments from outside: agreements, files, what could not be matched.
SELECT 1;
