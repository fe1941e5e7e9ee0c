endpoint "a" {
  address = "a"
  user    = "u"
}
endpoint "also_a" {
  address = "A:3306"
  user    = "u"
}
pipeline "p" {
  from = endpoint.a
  to   = endpoint.also_a
  objects {
    database "shop" {
      rename = "shop_copy"
      table "a" { rename = "b" }
      table "b" { rename = "a" }
    }
  }
}
