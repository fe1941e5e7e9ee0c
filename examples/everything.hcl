# Every block and every argument of the language, once, with what it means, what
# is the default and what else can be written. It is a reference: nobody needs
# all of it. What this version parses but cannot carry out yet is refused by the
# check before anything is touched.
#
#   tidegate validate -var shop_password=… everything.hcl

# Values from outside: -var shop_password=…, a file given by -var-file, or the
# environment variable TIDEGATE_VAR_shop_password, in this order.
variable "shop_password" {
  type        = string # or number, bool, list(…), set(…), map(…), object({ … })
  sensitive   = true   # may only be used for passwords and webhooks; never shown
  description = "The migration account's password on the old server."
  default     = null # null: no password; without a default it has to be set
}

# Values to share. Locals may use variables, functions and other locals.
locals {
  domain = "new.example"
  sites = {
    main   = "10.0.0.7"
    branch = "10.1.0.7"
  }
}

# A server and how to log in.
endpoint "shop_old" {
  address  = "10.0.0.5:3306"   # host:port, host (3306), [IPv6]:port or unix:/path
  user     = "tidegate"        # required
  password = var.shop_password # or env("X"), file("/path"): looked up by the agent
  flavor   = "mysql"           # or "mariadb"; default: whatever answers
  compress = true              # compress the connection; default: false

  tls {
    mode        = "verify-full" # disabled, preferred (default), required, verify-ca, verify-full
    ca_file     = "tls/ca.pem"  # default: the system's authorities
    cert_file   = "tls/me.pem"  # client certificate, with its key
    key_file    = "tls/me.key"
    server_name = "shop.internal" # the name in the certificate; default: the address's
  }
}

endpoint "shop_new" {
  address  = "db.${local.domain}"
  user     = "tidegate"
  password = file("/run/credentials/shop-new")
}

# One endpoint per element: endpoint.site["main"] and endpoint.site["branch"].
endpoint "site" {
  for_each = local.sites # a map, or a list of strings
  address  = each.value
  user     = "tidegate"
  password = env("SITE_PASSWORD")
}

# A migration.
pipeline "shop" {
  from = endpoint.shop_old
  to   = endpoint.shop_new
  type = "full+incremental" # default; or structure, full, incremental

  # Which agents may run it: those that carry all of these labels.
  agent {
    labels = { site = "old-dc" }
  }

  # When it starts. Default: as soon as the check has passed.
  start {
    at = "2026-12-01T02:00:00Z"
  }

  # What is moved.
  objects {
    on_exists = "fail" # default; or empty (use an empty table), keep
    definer   = "keep" # default; or migrator, fail: accounts the target lacks

    database "shop" {      # a name, or a pattern with '*' and '?'
      rename   = "shop_v2" # its name on the target; default: the same
      tables   = ["*"]     # default
      except   = ["tmp_*"] # patterns taken out again
      views    = true      # default
      routines = true      # default: false
      triggers = true      # default: false
      events   = true      # default: false

      # What is different for one table.
      table "orders" {
        rename  = "orders_v2"
        where   = "created_at >= '2020-01-01'" # only these rows
        columns = ["id", "customer_id", "created_at"]
      }
    }

    accounts {
      include   = ["app@%", "report*@10.%"]
      except    = ["app_test@%"]
      on_exists = "fail" # default; or skip, overwrite
    }
  }

  # The pace of the full copy.
  copy {
    threads     = 4         # connections per side; default
    chunk       = "16MiB"   # aimed size of one piece; default
    max_rate    = "50MiB/s" # default: no limit
    max_rows    = 200000    # rows per second; default: no limit
    defer_index = true      # build secondary indexes after the rows; not written: of tables from 16 MiB
    load_data   = true      # LOAD DATA LOCAL where the target allows it; default
  }

  # How changes are written.
  apply {
    lanes       = 4        # connections that write side by side; default
    batch_bytes = "10MiB"  # default
    batch_rows  = 20000    # default
    on_conflict = "fail"   # default; or overwrite, ignore
    max_rate    = "1GiB/s" # default: no limit
    ddl         = ["*"]    # kinds of schema changes to carry; default: all
  }

  # Checks that a person has decided to skip, by id.
  check {
    skip = ["target-load"]
  }

  # How and when both sides are compared.
  verify {
    method  = "sample"    # default: full; or count
    percent = 20          # of the chunks, with method = "sample"; default: 10
    when    = "caught_up" # default: manual
    tables  = ["shop.*"]  # default: all that are moved
    threads = 2           # default
  }

  target {
    read_only = true # keep others from writing until completion; default: false
  }

  # The switch.
  cutover {
    hold         = "60s" # lag and gap must have been 0 this long; default: 10s
    fence_source = true  # make the source read-only; default: false
    timeout      = "60s" # longest stop of writes, then the fence is undone; default
    reverse      = true  # arm a pipeline back to the old source; default: false
  }

  # How long transient errors are retried before the run stops.
  retry {
    window = "1h" # default
  }

  # Alerts: lag, gap, conflicts (with above), error, stalled.
  alert "lag" {
    above   = "30s"
    for     = "1m" # how long it must have lasted; default: at once
    webhook = env("OPS_WEBHOOK")
  }
}

# Only changes, from a place in the log, begun by hand: pipelines follow-main
# and follow-branch.
pipeline "follow" {
  for_each = local.sites
  from     = endpoint.site[each.key]
  to       = endpoint.shop_new
  type     = "incremental"

  start {
    position = "now" # default; or a GTID set, "binlog.000042:157", a time
    manual   = true  # wait for "tidegate start"; default: false
  }

  objects {
    database "stock" {
      rename = "stock_${each.key}"
    }
  }
}
