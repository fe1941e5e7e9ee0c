locals {
  a = local.b # ERROR: Cycle of local values
  b = "${local.c}x"
  c = [local.a]
  self = local.self # ERROR: Cycle of local values
  uses = local.a
  gone = local.ab # ERROR: Unknown local value
  var  = var.nothing # ERROR: Unknown variable
  each = each.key # ERROR: each without for_each
  ep   = endpoint.a # ERROR: Endpoint not allowed here
  text = plain # ERROR: Unknown name
  fn   = uper("x") # ERROR: Call to unknown function
  now  = timestamp() # ERROR: Call to unknown function
  arg  = upper() # ERROR: Not enough function arguments
  none = env("NOT_SET") # ERROR: Error in function call
  file = file("/nonexistent/file") # ERROR: Error in function call
  all  = var # ERROR: Incomplete name
}
locals {
  a = 1 # ERROR: Duplicate local value
}
