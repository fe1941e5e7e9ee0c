-- A parent that comes into the selection and is changed before its copy: the log does
-- Not show what its foreign key does to rows of the child.
-- pairs: mariadb mariadb-mysql
-- objects: except = ["_*"]
-- expect stream window: stops parent_entering fk_c

-- setup
CREATE TABLE _p (id INT PRIMARY KEY);
CREATE TABLE c (id INT PRIMARY KEY, pid INT, CONSTRAINT fk_c FOREIGN KEY (pid) REFERENCES _p (id) ON DELETE CASCADE);
INSERT INTO _p VALUES (1), (2), (3);
INSERT INTO c VALUES (1, 1), (2, 2), (3, 3);

-- workload
DELETE FROM _p WHERE id = 3;
RENAME TABLE _p TO p;
DELETE FROM p WHERE id = 2;
