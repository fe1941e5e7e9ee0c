-- Engines that hold rows elsewhere are refused by name.
-- paths: copy
-- expect: refused unsupported-now holds its rows elsewhere

-- setup
CREATE TABLE a (id INT, KEY (id)) ENGINE = MyISAM;
CREATE TABLE m (id INT, KEY (id)) ENGINE = MRG_MyISAM UNION = (a);
