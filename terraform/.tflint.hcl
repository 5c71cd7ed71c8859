# SPDX-License-Identifier: Apache-2.0
# tflint --recursive, with every rule of the ruleset that comes with it.
plugin "terraform" {
  enabled = true
  preset  = "all"
}
