-- Whoever holds a right at all: by itself, by one that covers it, or by the right to everything.
CREATE FUNCTION staff_who_may(wanted text) RETURNS SETOF bigint LANGUAGE sql STABLE AS $$
    SELECT u.id FROM web_user u JOIN web_role r ON r.code = u.role
    WHERE u.active AND EXISTS (SELECT FROM unnest(r.rights) held WHERE held IN ('*', wanted)
        OR held LIKE '%.*' AND starts_with(wanted, rtrim(held, '*')))
$$;
