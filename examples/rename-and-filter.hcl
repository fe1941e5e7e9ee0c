# Moving two databases under new names, without what is not worth moving.
#
# Patterns know '*' (any characters) and '?' (one). A database or table that is
# renamed is named in a block of its own, so that two never become one.

variable "old_host" {
  type    = string
  default = "10.0.0.5:3306"
}

endpoint "old" {
  address  = var.old_host
  user     = "tidegate"
  password = file("/run/credentials/shop-old")
}

endpoint "new" {
  address  = "db.new.example:3306"
  user     = "tidegate"
  password = file("/run/credentials/shop-new")
}

pipeline "shop" {
  from = endpoint.old
  to   = endpoint.new

  objects {
    database "shop" {
      rename = "shop_v2"
      except = ["tmp_*", "*_old", "sessions"]

      table "orders" {
        rename = "purchase_orders"
      }
    }

    database "crm" {
      rename = "customers"
      tables = ["account*", "contacts", "notes"]
      views  = false
    }
  }

  copy {
    threads  = 8
    max_rate = "50MiB/s" # leave air for the application
  }
}
