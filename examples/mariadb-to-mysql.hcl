# From MariaDB to MySQL. The check lists what the two do not share (types,
# collations, sequences, system-versioned tables) object by object before a row
# is moved.
#
# "flavor" insists: if another kind of server answers at the address, the run
# stops at the check instead of moving the wrong one.

endpoint "mariadb" {
  address  = "10.0.0.5:3306"
  user     = "tidegate"
  password = env("MARIADB_PASSWORD")
  flavor   = "mariadb"
}

endpoint "mysql" {
  address  = "10.0.0.6:3306"
  user     = "tidegate"
  password = env("MYSQL_PASSWORD")
  flavor   = "mysql"
  compress = true
}

pipeline "to-mysql" {
  from = endpoint.mariadb
  to   = endpoint.mysql

  objects {
    database "shop" {}
    database "stock" {}
  }

  verify {
    when = "caught_up"
  }

  cutover {
    hold         = "30s"
    fence_source = true
  }
}
