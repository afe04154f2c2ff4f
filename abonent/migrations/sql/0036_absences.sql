-- Who of the staff is away, until when, and who does their work meanwhile.
CREATE TABLE staff_absence (
    id           bigint      PRIMARY KEY,
    user_id      bigint      NOT NULL REFERENCES web_user ON DELETE CASCADE,
    first_day    date        NOT NULL,
    last_day     date        NOT NULL,
    begins       timestamptz NOT NULL,
    ends         timestamptz NOT NULL,
    reason       text        NOT NULL CHECK (reason IN ('holiday', 'illness', 'trip', 'training', 'other')),
    substitute   bigint      REFERENCES web_user ON DELETE SET NULL,
    set_at       timestamptz NOT NULL,
    set_by       text        NOT NULL,
    called_off_at timestamptz,
    CHECK (first_day <= last_day),
    CHECK (begins < ends),
    CHECK (substitute <> user_id)
);
COMMENT ON COLUMN staff_absence.begins IS 'the first day by the company''s clocks; ends is the end of the last';
COMMENT ON COLUMN staff_absence.substitute IS 'NULL: the whole team does the work';
CREATE INDEX staff_absence_user ON staff_absence (user_id, ends);
CREATE INDEX staff_absence_substitute ON staff_absence (substitute);

-- Who is away at an instant and who stands in; nobody does where the substitute is away as well.
CREATE FUNCTION staff_away(at timestamptz)
RETURNS TABLE (user_id bigint, until date, stand_in bigint, stand_in_name text)
LANGUAGE sql STABLE AS $$
    SELECT a.user_id, a.last_day, s.id, s.name
    FROM staff_absence a
    LEFT JOIN web_user s ON s.id = a.substitute AND s.active AND NOT EXISTS (
        SELECT FROM staff_absence b WHERE b.user_id = s.id AND b.called_off_at IS NULL
            AND b.begins <= at AND at < b.ends)
    WHERE a.called_off_at IS NULL AND a.begins <= at AND at < a.ends
$$;

-- Who is away gets nothing new, signed in or not.
CREATE OR REPLACE FUNCTION staff_at_work(team text, district text, at timestamptz)
RETURNS SETOF bigint LANGUAGE sql STABLE AS $$
    SELECT u.id FROM web_user u
    WHERE u.role = team AND u.active AND (district IS NULL OR u.districts IS NULL
            OR district = ANY (u.districts))
        AND EXISTS (SELECT FROM web_session s WHERE s.user_id = u.id AND s.stage = 'open'
            AND s.revoked_at IS NULL AND s.last_seen_at > at - interval '30 minutes')
        AND NOT EXISTS (SELECT FROM staff_away(at) w WHERE w.user_id = u.id)
$$;
