# As the acceptance program writes it.
endpoint "old" {
  address  = "127.0.0.1:3307"
  user     = "tidegate"
  password = env("ACCEPT_PASSWORD")
}
endpoint "new" {
  address  = "127.0.0.1:3308"
  user     = "tidegate"
  password = env("ACCEPT_PASSWORD")
}
pipeline "shop" {
  from = endpoint.old
  to   = endpoint.new
  type = "full+incremental"
  objects {
    database "shop" {  }
  }
}
