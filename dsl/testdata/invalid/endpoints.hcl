endpoint "url" {
  address = "mysql://root:hunter2@db" # ERROR: Invalid address
  user    = "u"
}
endpoint "account" {
  address = "root@db" # ERROR: Invalid address
  user    = "" # ERROR: Invalid user
}
endpoint "ipv6" {
  address = "2001:db8::5" # ERROR: Invalid address
  user    = ["u"] # ERROR: Invalid user
}
endpoint "port" {
  address = "db:99999" # ERROR: Invalid address
  user    = "u"
  flavor  = "mariadbb" # ERROR: Invalid flavor
}
endpoint "tls" {
  address  = "db"
  user     = "u"
  compress = "perhaps" # ERROR: Invalid compress
  tls {
    mode = "verify_full" # ERROR: Invalid mode
  }
}
endpoint "tls_idle" {
  address = "db"
  user    = "u"
  tls {
    ca_file     = "ca.pem" # ERROR: Invalid ca_file
    server_name = "db" # ERROR: Invalid server_name
    key_file    = "key.pem" # ERROR: Invalid key_file
  }
}
endpoint "tls_off" {
  address = "db"
  user    = "u"
  tls {
    mode      = "disabled"
    cert_file = "cert.pem" # ERROR: Invalid cert_file; Invalid cert_file
    ca_file   = "" # ERROR: Invalid ca_file
  }
}
