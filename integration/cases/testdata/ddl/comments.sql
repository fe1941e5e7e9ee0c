-- Comments with quotes and backslashes, and statements with comments before, in and after them.

-- setup
CREATE TABLE t (id INT PRIMARY KEY COMMENT 'it''s \\ "the" key; -- no', v INT COMMENT '/* not */') COMMENT 'table''s \\''';
INSERT INTO t VALUES (1, 1);

-- workload
/* leading comment */ ALTER TABLE t ADD COLUMN a INT COMMENT 'a ''new'' \\ one';
ALTER TABLE /* inner comment: DROP TABLE t */ t
  ADD COLUMN b INT /* trailing */ DEFAULT 3;
INSERT INTO t VALUES (2, 2, 2, 2);
/*! ALTER TABLE t ADD COLUMN c INT DEFAULT 7 */;
/*!40101 TRUNCATE TABLE t */;
INSERT INTO t VALUES (3, 3, 3, 3, 3);
ALTER TABLE t COMMENT = 'new ''comment'' \\ end\\', ADD COLUMN /*!50000 d INT DEFAULT 5 */;
/* one *//* two */ create
table
n
(
  id int primary key -- the key
  , v varchar(10) default '/* x */' /* y */
)
/* done */;
INSERT INTO n (id) VALUES (1);
DROP /* x */ TABLE /* y */ IF EXISTS /* z */ missing /* w */;
/**/RENAME TABLE n TO m;
INSERT INTO m VALUES (2, '-- x');
