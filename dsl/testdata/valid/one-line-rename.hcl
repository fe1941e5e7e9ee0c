endpoint "old" {
  address = "old"
  user    = "u"
}
endpoint "new" {
  address = "new"
  user    = "u"
}
pipeline "shop" {
  from = endpoint.old
  to   = endpoint.new
  objects {
    database "shop" { rename = "x" }
  }
}
