-- Where there are cash desks, cash goes into the drawer of an open shift, whoever takes it. The office
-- clerk may take payments, and so may open a shift.
UPDATE web_role SET rights = rights || '{billing.shift.work}'
WHERE code = 'office' AND NOT rights && '{billing.shift.work,billing.*,*}';
