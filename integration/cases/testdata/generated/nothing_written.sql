-- A table all of whose columns are generated.
-- expect copy: refused unsupported-now all of its columns are generated
-- expect stream window: stops no_columns all of its columns are generated

-- setup
CREATE TABLE t (id INT PRIMARY KEY);
-- workload
CREATE TABLE constant (a INT GENERATED ALWAYS AS (1) VIRTUAL);
INSERT INTO constant VALUES (), ();
DELETE FROM constant LIMIT 1;
