# SPDX-License-Identifier: Apache-2.0
output "name" {
  description = "The bucket's name, known once its policy and encryption are in force."
  value       = aws_s3_bucket.this.id
  depends_on  = [aws_s3_bucket_policy.this, aws_s3_bucket_server_side_encryption_configuration.this]
}

output "arn" {
  description = "The bucket's ARN."
  value       = aws_s3_bucket.this.arn
}
