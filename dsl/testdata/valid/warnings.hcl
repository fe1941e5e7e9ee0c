# VARFILE: warnings.vars
variable "open" {
  default = "not-marked"
}
endpoint "a" {
  address  = "a"
  user     = "u"
  password = "literal-in-file" # WARNING: Password in the open
}
endpoint "b" {
  address  = "b"
  user     = "u"
  password = var.open # WARNING: Password in the open
}
pipeline "p" {
  from = endpoint.a
  to   = endpoint.b
  type = "structure"
  objects {
    database "d" {}
  }
  copy {} # WARNING: Block without effect
  cutover { # WARNING: Block without effect
    hold = "1s"
  }
}
