# VAR: hidden=hunter2-hidden
# ENV: PW=hunter2-env
variable "hidden" {
  sensitive = true
}
locals {
  from_env = env("PW")
}
endpoint "a" {
  address  = "db-${var.hidden}" # ERROR: Invalid address
  user     = var.hidden # ERROR: Invalid user
  password = [var.hidden] # ERROR: Invalid password
}
endpoint "b" {
  address  = "b"
  user     = "u"
  password = parseint(var.hidden, 10) # ERROR: Invalid function argument
  flavor   = local.from_env # ERROR: Invalid flavor
}
endpoint "c" {
  address  = "c"
  user     = "u"
  password = hunter2 # ERROR: Unknown name
}
endpoint "d" {
  address  = "d"
  user     = "u"
  password = env(var.hidden) # ERROR: Invalid password
}
endpoint "e" {
  address  = "e"
  user     = "u"
  password = "x-${env("NOT_SET")}" # ERROR: Error in function call
}
endpoint "f" {
  address  = "f"
  user     = "u"
  password = file("") # ERROR: Invalid password
}
endpoint "g" {
  for_each = [var.hidden] # ERROR: Invalid for_each
  address  = "g"
  user     = "u"
}
endpoint "h" {
  address  = "h"
  user     = "u"
  password = {}["hunter2"] # ERROR: Invalid index
}
pipeline "p" {
  from = endpoint.a
  to   = endpoint.b
  objects {
    database "d" {
      table "t" {
        where = "x = '${var.hidden}'" # ERROR: Invalid where
      }
    }
  }
  alert "error" {
    webhook = "hooks.example/hunter2" # ERROR: Invalid webhook
  }
}
