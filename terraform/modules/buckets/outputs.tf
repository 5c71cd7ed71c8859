# SPDX-License-Identifier: Apache-2.0
output "raw" {
  description = "Where files arrive: name and ARN of the bucket."
  value       = { name = module.raw.name, arn = module.raw.arn }
}

output "processed" {
  description = "Where results go: name and ARN of the bucket."
  value       = { name = module.processed.name, arn = module.processed.arn }
}

output "access_logs" {
  description = "Where S3 writes who read and wrote: name and ARN of the bucket."
  value       = { name = module.logs.name, arn = module.logs.arn }
}
