-- Rights as data: offices and districts, second factor, legal rules.
SELECT 1;
