-- A view over a database that is not selected and not on the target is refused, or stops, in words.
-- paths: copy

-- setup
CREATE TABLE {other}.t (id INT PRIMARY KEY);
CREATE TABLE t (id INT PRIMARY KEY);
CREATE VIEW v AS SELECT a.id FROM t a JOIN {other}.t b ON a.id = b.id;
