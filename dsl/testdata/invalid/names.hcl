adress = "x" # ERROR: Misplaced argument
copy {} # ERROR: Misplaced block
pipline "x" {} # ERROR: Unknown block
endpoint "a" {
  adress  = "a" # ERROR: Unknown argument
  address = "a"
  user    = "u"
  threads = 4 # ERROR: Misplaced argument
  tls     = "on" # ERROR: Unknown argument
  user {} # ERROR: Unknown block
  database "x" {} # ERROR: Misplaced block
  tls {}
  tls {} # ERROR: Duplicate block
}
endpoint "b" { # ERROR: Missing argument; Missing argument
}
endpoint { # ERROR: Missing label
  address = "a"
  user    = "u"
}
endpoint "c" "d" { # ERROR: Unexpected label
  address = "c"
  user    = "u"
}
endpoint "has space" { # ERROR: Invalid name
  address = "a"
  user    = "u"
}
endpoint "a" { # ERROR: Duplicate endpoint
  address = "a"
  user    = "u"
}
pipeline "p" { # ERROR: Missing block; Missing argument
  from = endpoint.a
  copy "fast" { # ERROR: Unexpected label
    thread = 4 # ERROR: Unknown argument
    lanes  = 4 # ERROR: Misplaced argument
    colour = 4 # ERROR: Unknown argument
  }
}
pipeline "p" { # ERROR: Duplicate pipeline
  from = endpoint.a
  to   = endpoint.c
  objects { # ERROR: Nothing selected
    pipeline "x" {} # ERROR: Misplaced block
  }
}
pipeline "no good" { # ERROR: Invalid name
  from = endpoint.a
  to   = endpoint.c
  objects {
    database "d" {}
  }
}
locals {
  inner {} # ERROR: Unknown block
}
