endpoint "a" {
  address = "a"
  user    = "u"
}
endpoint "b" {
  address = "b"
  user    = "u"
}

pipeline "p" {
  from = endpoint.a
  to   = endpoint.b
  type = "full+incremntal" # ERROR: Invalid type
  agent {
    labels = ["site"] # ERROR: Invalid labels
  }
  start {
    at       = "tomorrow" # ERROR: Invalid at
    position = "yesterday" # ERROR: Invalid position
  }
  objects {
    on_exists = "drop" # ERROR: Invalid on_exists
    definer   = "me" # ERROR: Invalid definer
    database "d" {}
    accounts { # ERROR: Missing argument
      except    = ["app"] # ERROR: Invalid except
      on_exists = "empty" # ERROR: Invalid on_exists
    }
  }
  copy {
    threads     = 0 # ERROR: Invalid threads
    chunk       = "16" # ERROR: Invalid chunk
    max_rate    = "50MB" # ERROR: Invalid max_rate
    max_rows    = 1.5 # ERROR: Invalid max_rows
    defer_index = 1 # ERROR: Invalid defer_index
    load_data   = "yes" # ERROR: Invalid load_data
  }
  apply {
    lanes       = 1000 # ERROR: Invalid lanes
    batch_bytes = "1B" # ERROR: Invalid batch_bytes
    batch_rows  = -1 # ERROR: Invalid batch_rows
    on_conflict = "skip" # ERROR: Invalid on_conflict
    max_rate    = 50 # ERROR: Invalid max_rate
    ddl         = ["*", "alter_table"] # ERROR: Invalid ddl
  }
  check {
    skip = ["Primary Keys"] # ERROR: Invalid skip
  }
  verify {
    method  = "count"
    percent = 10 # ERROR: Invalid percent
    when    = "now" # ERROR: Invalid when
    tables  = ["orders"] # ERROR: Invalid tables
    threads = "two" # ERROR: Invalid threads
  }
  target {
    read_only = null
  }
  cutover {
    hold    = 10 # ERROR: Invalid hold
    timeout = "0s" # ERROR: Invalid timeout
    reverse = "back" # ERROR: Invalid reverse
  }
  retry {
    window = "30d" # ERROR: Invalid window
  }
  alert "lagg" { # ERROR: Unknown alert
    above   = "1s"
    webhook = env("HOOK")
  }
  alert "lag" { # ERROR: Missing argument; Missing argument
    for = "-1s" # ERROR: Invalid for
  }
  alert "lag" { # ERROR: Duplicate alert
    above   = "1GiB" # ERROR: Invalid above
    webhook = "ftp://x/" # ERROR: Invalid webhook
  }
  alert "error" {
    above   = "1s" # ERROR: Invalid above
    webhook = env("HOOK")
  }
  alert "gap" {
    above   = "30s" # ERROR: Invalid above
    webhook = env("HOOK")
  }
  alert "conflicts" {
    above   = "-1" # ERROR: Invalid above
    webhook = env("HOOK")
  }
}
pipeline "start" {
  from = endpoint.a
  to   = endpoint.b
  start {
    at       = "2026-12-01T02:00:00Z"
    manual   = true # ERROR: Invalid manual
    position = "now" # ERROR: Invalid position
  }
  objects {
    database "d" {}
    accounts {
      include = [] # ERROR: Invalid include
    }
  }
  copy {
    chunk = "1TiB" # ERROR: Invalid chunk
  }
  apply {
    ddl = ["alter_tabel"] # ERROR: Invalid ddl
  }
  verify {
    tables = [] # ERROR: Invalid tables
  }
  cutover {
    hold = "25h" # ERROR: Invalid hold
  }
}
