locals {
  sites = { eu = "10.0.0.1", us = "10.0.0.2" }
}
endpoint "site" {
  for_each = local.sites
  address  = each.value
  user     = each.value.name # ERROR: Unsupported attribute
}
endpoint "bad_type" {
  for_each = "eu" # ERROR: Invalid for_each
  address  = "a"
  user     = "u"
  colour   = each.key # ERROR: Unknown argument
}
endpoint "bad_key" {
  for_each = ["a b", "c", "c"] # ERROR: Invalid for_each; Invalid for_each
  address  = "a"
  user     = "u"
}
endpoint "numbers" {
  for_each = [1, 2] # ERROR: Invalid for_each
  address  = "a"
  user     = "u"
}
endpoint "nothing" {
  for_each = null # ERROR: Invalid for_each
  address  = "a"
  user     = "u"
}
endpoint "none" {
  for_each = {}
  address  = each.value
  user     = "u"
  compress = "x${each.key}y" # an unknown value passes: there is none to judge
  flavor   = "other" # ERROR: Invalid flavor
}
endpoint "target" {
  address = "10.0.0.9"
  user    = "u"
}
pipeline "without_key" {
  from = endpoint.site # ERROR: Invalid from
  to   = endpoint.target["eu"] # ERROR: Unknown endpoint
  objects {
    database "d" {}
  }
}
pipeline "wrong_key" {
  for_each = ["eu", "asia"]
  from     = endpoint.site[each.key] # ERROR: Unknown endpoint
  to       = endpoint.target.address # ERROR: Unknown endpoint
  objects {
    database "d" {}
  }
}
pipeline "quoted" {
  from = "site" # ERROR: Invalid from
  to   = endpoint.targt # ERROR: Unknown endpoint
  objects {
    database "d" {}
  }
}
pipeline "null" {
  from = null # ERROR: Invalid from
  to   = endpoint # ERROR: Incomplete name
  objects {
    database "d" {}
  }
}
pipeline "site" {
  for_each = local.sites
  from     = endpoint.site[each.key]
  to       = endpoint.target
  objects {
    database "d" {}
  }
}
pipeline "site-eu" { # ERROR: Duplicate pipeline
  from = endpoint.site["eu"]
  to   = endpoint.target
  objects {
    database "d" {}
  }
}
