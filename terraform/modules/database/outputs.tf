# SPDX-License-Identifier: Apache-2.0
output "identifier" {
  description = "The primary, as RDS and its metrics name it."
  value       = aws_db_instance.this.identifier
}

output "address" {
  description = "The primary's host name."
  value       = aws_db_instance.this.address
}

output "url" {
  description = "The database as FINETL_WAREHOUSE has it: without user and password, which the secret holds."
  value       = "postgresql://${aws_db_instance.this.address}:${aws_db_instance.this.port}/${var.database_name}?sslmode=verify-full"
}

output "replica_identifiers" {
  description = "The read replicas, as RDS and its metrics name them."
  value       = [for replica in aws_db_instance.replica : replica.identifier]
}

output "replica_addresses" {
  description = "The read replicas' host names."
  value       = [for replica in aws_db_instance.replica : replica.address]
}

output "secret_arn" {
  description = "The secret with the master user's name and password, made and changed by RDS."
  value       = aws_db_instance.this.master_user_secret[0].secret_arn
}

output "security_group_id" {
  description = "The security group of the database."
  value       = aws_security_group.this.id
}

output "deletion_protection" {
  description = "Whether the primary cannot be deleted."
  value       = aws_db_instance.this.deletion_protection
}
