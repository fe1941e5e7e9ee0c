# The least a migration needs: two servers and a database.
#
#   export OLD_PASSWORD=… NEW_PASSWORD=…      # where the agent runs
#   tidegate validate minimal.hcl
#   tidegate plan minimal.hcl
#   tidegate apply minimal.hcl
#
# Structure, a full copy while the source is written to, and every later change
# until "tidegate cutover shop" and "tidegate complete shop".

endpoint "old" {
  address  = "10.0.0.5:3306"
  user     = "tidegate"
  password = env("OLD_PASSWORD")
}

endpoint "new" {
  address  = "db.new.example"
  user     = "tidegate"
  password = env("NEW_PASSWORD")
}

pipeline "shop" {
  from = endpoint.old
  to   = endpoint.new

  objects {
    database "shop" {}
  }
}
