endpoint "a" {
  address = "a", # ERROR: Unexpected comma after argument
  user    = "u"
}
pipeline "p" {
  objects { database "d" {} } # ERROR: Argument definition required
}
