# Every argument with a value that is not its default.
# VAR: password=p-from-the-command-line
variable "password" {
  sensitive = true
}

endpoint "a" {
  address  = "unix:/run/mysqld/mysqld.sock"
  user     = "u"
  password = var.password
  flavor   = "mariadb"
  compress = true

  tls {
    mode        = "verify-full"
    ca_file     = "ca.pem"
    cert_file   = "/abs/me.pem"
    key_file    = "../me.key"
    server_name = "a.internal"
  }
}

endpoint "b" {
  address  = "[2001:DB8::5]"
  user     = "u"
  password = file("b.password")
}

pipeline "all" {
  from = endpoint.a
  to   = endpoint.b
  type = "full"

  agent {
    labels = { site = "x", rack = 12 }
  }
  start {
    at = "2026-12-01T02:00:00+02:00"
  }
  objects {
    on_exists = "keep"
    definer   = "migrator"
    database "shop" {
      rename   = "shop2"
      tables   = ["o*", "customers"]
      except   = ["old"]
      views    = false
      routines = true
      triggers = true
      events   = true
      table "orders" {
        rename  = "o2"
        where   = " id > 5 "
        columns = ["id", "v"]
      }
    }
    database "log_?" {}
    accounts {
      include   = ["app@%"]
      except    = ["root@localhost"]
      on_exists = "overwrite"
    }
  }
  copy {
    threads     = 8
    chunk       = "1.5MiB"
    max_rate    = "100KiB/s"
    max_rows    = 1000
    defer_index = false
    load_data   = false
  }
  apply {
    lanes       = 1
    batch_bytes = "64KiB"
    batch_rows  = 10
    on_conflict = "overwrite"
    max_rate    = "50MB/s"
    ddl         = ["alter_table", "create_index"]
  }
  check {
    skip = ["primary-keys", "target-load"]
  }
  verify {
    method  = "sample"
    percent = 5
    when    = "caught_up"
    tables  = ["shop.o*"]
    threads = 4
  }
  target {
    read_only = true
  }
  retry {
    window = "0s"
  }
  alert "lag" {
    above   = "30s"
    for     = "1m"
    webhook = env("HOOK")
  }
  alert "gap" {
    above   = "1GiB"
    webhook = "https://hooks.example/secret-path"
  }
  alert "conflicts" {
    above   = 0
    webhook = file("hook")
  }
  alert "error" {
    webhook = env("HOOK")
  }
}
