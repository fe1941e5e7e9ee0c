endpoint "a" {
  address = "a"
  user    = "u"
}
endpoint "b" {
  address = "b"
  user    = "u"
}
locals {
  positions = {
    file  = "binlog.000042:157"
    gtid  = "3E11FA47-71CA-11E1-9E33-C80AA9429562:1-5"
    maria = "0-1-100, 1-2-3"
    time  = "2026-12-01T02:00:00+02:00"
    now   = null
  }
}
pipeline "p" {
  for_each = local.positions
  from     = endpoint.a
  to       = endpoint.b
  type     = "incremental"
  start {
    position = each.value
    manual   = true
  }
  objects {
    database "d" {}
  }
  cutover {
    hold         = "1m30s"
    fence_source = true
    timeout      = "5m"
    reverse      = true
  }
}
