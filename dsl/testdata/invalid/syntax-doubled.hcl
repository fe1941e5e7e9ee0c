endpoint "a" {
  user = "u"
  user = "v" # ERROR: Attribute redefined
}
