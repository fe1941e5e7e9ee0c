# One file for many shards: for_each makes an endpoint and a pipeline per entry
# of the map. The pipelines are named shard-eu1, shard-eu2 and shard-us1.
#
#   tidegate apply many-shards.hcl
#   tidegate status
#
# A new shard is a new line in the map. To keep the map elsewhere, write it into
# a variables file and give it by -var-file.

variable "shards" {
  type = map(object({
    address = string
    site    = string
    lanes   = optional(number, 4)
  }))

  default = {
    eu1 = { address = "10.1.0.11", site = "eu" }
    eu2 = { address = "10.1.0.12", site = "eu", lanes = 8 }
    us1 = { address = "10.2.0.11", site = "us" }
  }
}

locals {
  target_domain = "db.new.example"
}

endpoint "shard" {
  for_each = var.shards
  address  = each.value.address
  user     = "tidegate"
  password = file("/run/credentials/shard-${each.key}")
}

endpoint "target" {
  for_each = var.shards
  address  = "${each.key}.${local.target_domain}:3306"
  user     = "tidegate"
  password = env("TARGET_PASSWORD")

  tls {
    mode = "verify-full"
  }
}

pipeline "shard" {
  for_each = var.shards
  from     = endpoint.shard[each.key]
  to       = endpoint.target[each.key]

  agent {
    labels = { site = each.value.site }
  }

  objects {
    database "app" {}
  }

  apply {
    lanes = each.value.lanes
  }
}
