-- Sessions that write in other replication domains and with other server ids.
-- pairs: mariadb mariadb-mysql

-- setup
CREATE TABLE t (id INT PRIMARY KEY, v INT);
CREATE TABLE u (id INT PRIMARY KEY, v INT);
INSERT INTO t VALUES (1, 1);

-- workload
SET SESSION gtid_domain_id = 5;
INSERT INTO t VALUES (2, 2);
-- connection b
SET SESSION gtid_domain_id = 6, server_id = 77;
INSERT INTO u VALUES (1, 1);
-- connection
UPDATE t SET v = v + 1;
ALTER TABLE t ADD COLUMN w INT DEFAULT 3;
-- connection b
UPDATE u SET v = 2;
-- connection
SET SESSION gtid_domain_id = 0;
INSERT INTO t VALUES (3, 3, 3);
