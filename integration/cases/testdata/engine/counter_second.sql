-- An AUTO_INCREMENT column that is second in its key is refused: InnoDB does not take it.
-- paths: copy
-- expect: refused unsupported-now AUTO_INCREMENT column id is first in no index

-- setup
CREATE TABLE t (grp INT NOT NULL, id INT NOT NULL AUTO_INCREMENT, PRIMARY KEY (grp, id)) ENGINE = MyISAM;
INSERT INTO t (grp) VALUES (1), (1), (2);
