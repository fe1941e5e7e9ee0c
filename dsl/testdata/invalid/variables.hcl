# VAR: number=many
# VAR: list=a,b
# ENV: TIDEGATE_VAR_object={ a = [1] }
variable "number" { # ERROR: Invalid value for variable
  type = number
}
variable "list" { # ERROR: Invalid value for variable
  type = list(string)
}
variable "object" { # ERROR: Invalid value for variable
  type = object({ a = string })
}
variable "unset" {} # ERROR: Variable without a value
variable "unset" {} # ERROR: Duplicate variable
variable "type" {
  type    = strin # ERROR: Invalid type
  default = "x"
}
variable "default" {
  type    = number
  default = "many" # ERROR: Invalid default
}
variable "late" {
  default = env("X") # ERROR: Function calls not allowed
}
variable "later" {
  default = var.type # ERROR: Name not allowed here
}
variable "not a name" { # ERROR: Invalid name
  default = 1
}
variable "maybe" {
  default   = 1
  sensitive = "maybe" # ERROR: Invalid sensitive
  colour    = 1 # ERROR: Unknown argument
}
