endpoint "a" {
  address = "a"
  user    = "u"
}
endpoint "b" {
  address = "b"
  user    = "u"
}

pipeline "p" {
  from = endpoint.a
  to   = endpoint.b
  objects {
    database "shop" {
      tables = ["orders", "o2", "items*", "orders"] # ERROR: Invalid tables
      except = ["items_old", null] # ERROR: Invalid except
      table "orders" {
        rename = "o2" # ERROR: Tables merged
      }
      table "orders" {} # ERROR: Duplicate table
      table "items_old" {} # ERROR: Table not selected
      table "other" {} # ERROR: Table not selected
      table "items*" {} # ERROR: Invalid table
      table "items_a" {
        rename = "i" # ok: the first of the two
      }
      table "items_b" {
        rename = "i" # ERROR: Tables merged
      }
      table "items_c" {
        rename  = "items_c" # ERROR: Invalid rename
        where   = "WHERE a = 1" # ERROR: Invalid where
        columns = [] # ERROR: Invalid columns
      }
    }
    database "shop" {} # ERROR: Duplicate database
    database "sh*" {} # ERROR: Database selected twice
    database "mysql" {} # ERROR: System database
    database "_tidegate" {} # ERROR: System database
    database "a_*" {
      rename = "a" # ERROR: Invalid rename
    }
    database "x" {
      rename = "y"
    }
    database "z" {
      rename = "y" # ERROR: Databases merged
    }
    database "old" {
      rename = "b_old" # ERROR: Databases merged
    }
    database "b_*" {}
    database "s" {
      rename = "sys" # ERROR: Invalid rename
    }
    database "a_name_that_is_longer_than_the_sixty_four_characters_that_servers_allow" {} # ERROR: Invalid database; Database selected twice
    database "" {} # ERROR: Missing label
    database "t" {
      rename = "" # ERROR: Invalid rename
      tables = [] # ERROR: Invalid tables
      table "x" {}
    }
  }
}
pipeline "same" {
  from = endpoint.a
  to   = endpoint.a # ERROR: Same server on both sides
  objects {
    database "shop" {}
  }
}
pipeline "same_renamed" {
  from = endpoint.a
  to   = endpoint.a # ERROR: Same server on both sides
  objects {
    database "shop" {
      rename = "stock"
    }
    database "stock" {
      rename = "shop"
    }
  }
}
