# SPDX-License-Identifier: Apache-2.0
output "arn" {
  description = "The key's ARN."
  value       = aws_kms_key.this.arn
}
