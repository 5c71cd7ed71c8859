# SPDX-License-Identifier: Apache-2.0
output "state_bucket" {
  description = "The bucket's name, for `terraform init -backend-config=bucket=NAME` in the environments."
  value       = module.state.name
}
