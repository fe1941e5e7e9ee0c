-- Views of every sort: joins, unions, aggregates, subqueries, CTEs, windows.

-- setup
CREATE TABLE a (id INT PRIMARY KEY, v VARCHAR(20), n INT);
CREATE TABLE b (id INT PRIMARY KEY, a INT, d DATE);
INSERT INTO a VALUES (1, 'one', 10), (2, 'it''s', 20), (3, NULL, 30);
INSERT INTO b VALUES (1, 1, '2020-01-01'), (2, 1, '2020-01-02'), (3, 2, NULL);
CREATE VIEW plain AS SELECT * FROM a;
CREATE VIEW joined AS SELECT a.id, a.v, b.d FROM a LEFT JOIN b ON b.a = a.id WHERE a.v <> 'x''y\\' OR a.v IS NULL;
CREATE VIEW grouped (k, total, many) AS SELECT v, SUM(n), COUNT(*) FROM a GROUP BY v HAVING COUNT(*) > 0;
CREATE VIEW united AS SELECT id, 'a' AS src FROM a UNION ALL SELECT id, 'b' FROM b UNION SELECT 99, NULL;
CREATE VIEW sub AS SELECT id, (SELECT MAX(d) FROM b WHERE b.a = a.id) AS last FROM a WHERE id IN (SELECT a FROM b) OR EXISTS (SELECT 1 FROM b WHERE b.id = a.id);
CREATE VIEW cte AS WITH RECURSIVE g AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM g WHERE i < 5) SELECT g.i, a.v FROM g LEFT JOIN a ON a.id = g.i;
CREATE VIEW windowed AS SELECT id, n, SUM(n) OVER (ORDER BY id ROWS UNBOUNDED PRECEDING) AS run, RANK() OVER (PARTITION BY n > 15 ORDER BY id DESC) AS r FROM a;
CREATE VIEW cased AS SELECT CASE n WHEN 10 THEN 'ten' WHEN 20 THEN 'twenty' ELSE CONCAT(n, '!') END AS word, CAST(n AS DECIMAL(10,2)) / 3 AS third, n DIV 7 AS dv, IFNULL(v, 'null') AS w FROM a;
CREATE VIEW limited AS SELECT id FROM a ORDER BY id DESC LIMIT 2;

-- workload
INSERT INTO a VALUES (4, 'four', 40);
DELETE FROM b WHERE id = 1;
CREATE VIEW made AS SELECT DISTINCT v, CHAR_LENGTH(v) AS len FROM a WHERE v LIKE '%e' ORDER BY 1;
ALTER VIEW plain AS SELECT id, n FROM a;
CREATE OR REPLACE VIEW united AS SELECT id FROM a;
DROP VIEW limited;
UPDATE plain SET n = n + 1 WHERE id = 1;
