# VARFILE: shards.vars
# VAR: lanes=2
# ENV: TIDEGATE_VAR_sites=["eu", "us"]
# ENV: TIDEGATE_VAR_lanes=9
# ENV: REGION=north
variable "shards" {
  type = map(object({
    address = string
    site    = optional(string, "eu")
  }))
}
variable "sites" {
  type = list(string)
}
variable "lanes" {
  type    = number
  default = 4
}
variable "passwords" {
  type      = map(string)
  sensitive = true
}
variable "fast" {
  type    = bool
  default = true
}
locals {
  names  = { for k, s in var.shards : k => upper(s.site) if contains(var.sites, s.site) }
  domain = join(".", [local.region, "example"])
  region = env("REGION")
}
endpoint "from" {
  for_each = var.shards
  address  = each.value.address
  user     = "u_${each.key}"
  password = var.passwords[each.key]
}
endpoint "to" {
  for_each = keys(local.names)
  address  = "${each.key}.${local.domain}"
  user     = "u"
  password = "${file("to-${each.value}.password")}"
}
endpoint "spare" {
  for_each = []
  address  = each.value
  user     = "u"
}
pipeline "shard" {
  for_each = local.names
  from     = endpoint.from[each.key]
  to       = var.fast ? endpoint.to[each.key] : endpoint.to["a"]
  agent {
    labels = { site = each.value }
  }
  objects {
    database "app" {}
  }
  apply {
    lanes = var.lanes
  }
}
pipeline "a-again" {
  from = endpoint.from["a"]
  to   = endpoint.to.a
  objects {
    database "other" {}
  }
}
